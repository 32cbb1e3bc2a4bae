"""Which of a browser's messages reach Streamlit."""

from streamlit.proto.BackMsg_pb2 import BackMsg

from mnist_app.ui.messages import NEEDED, is_needed


def test_each_kind_is_let_through_or_refused() -> None:
    kinds = [field for field in BackMsg.DESCRIPTOR.fields if field.containing_oneof]
    assert {"clear_cache", "set_run_on_save", "rerun_script"} <= {kind.name for kind in kinds}
    for kind in kinds:
        message = BackMsg()
        if kind.message_type:
            getattr(message, kind.name).SetInParent()
        else:
            setattr(message, kind.name, True)
        assert is_needed(message.SerializeToString()) == (kind.name in NEEDED), kind.name


def test_the_last_kind_counts_and_none_is_refused() -> None:
    needed = BackMsg(stop_script=True).SerializeToString()
    refused = BackMsg(clear_cache=True).SerializeToString()
    assert not is_needed(needed + refused)
    assert is_needed(refused + needed)
    assert not is_needed(b"")


def test_what_is_no_message_is_left_to_streamlit() -> None:
    assert is_needed(b"\xff\xff\xff")
    assert is_needed(None)


def test_of_all_operations_only_a_download_is_let_through() -> None:
    download, other = BackMsg(), BackMsg()
    download.backend_operation_request.deferred_file.file_id = "one"
    other.backend_operation_request.install_skills.SetInParent()
    assert is_needed(download.SerializeToString())
    assert not is_needed(other.SerializeToString())
