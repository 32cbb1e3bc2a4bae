"""Networks of any kind that can be built, small ones, for tests with Hypothesis."""

from hypothesis import strategies as st

from mnist_app.networks.architecture import Architecture, layers_of, network_of
from mnist_app.networks.layer_specs import (
    Activation,
    AddChannel,
    ArchitectureError,
    BatchNormalization,
    Convolution,
    Dense,
    DepthwiseScale,
    Dropout,
    Flatten,
    LastRow,
    LayerSpec,
    Pooling,
    Recurrent,
    ZeroPadding,
)

ACTIVATIONS = ("relu", "tanh", "sigmoid", "scaled_tanh")
MOST_MAPS = 4


@st.composite
def architectures(draw: st.DrawFn) -> Architecture:
    """A network of maps, of rows or of units alone."""
    hidden: list[LayerSpec] = []
    kind = draw(st.sampled_from(["maps", "rows", "units"]))
    if kind == "rows":
        hidden = [Recurrent("rows", draw(st.integers(1, 4)))]
        hidden += [LastRow("last_row")] if draw(st.booleans()) else []
    if kind == "maps":
        for number in range(draw(st.integers(1, 5))):
            maps = layers_of((AddChannel(), *hidden))[-1].shape[-1]
            spec = draw(map_specs(f"layer{number}", maps))
            if fits((AddChannel(), *hidden, spec)):
                hidden.append(spec)
    hidden.append(Flatten())
    for number in range(draw(st.integers(0, 2))):
        dense = st.builds(
            Dense, st.just(f"units{number}"), st.integers(1, 6), st.sampled_from(["", *ACTIVATIONS])
        )
        hidden.append(draw(dense | unit_specs(f"units{number}")))
    return network_of(*hidden)


def map_specs(name: str, maps: int) -> st.SearchStrategy[LayerSpec]:
    """A layer that takes so many maps."""
    return st.one_of(
        st.builds(
            Convolution,
            st.just(name),
            st.integers(1, MOST_MAPS),
            st.integers(1, 5),
            st.integers(1, 3),
            st.sampled_from(["valid", "same"]),
            st.booleans(),
        ),
        partly_connected(name, maps),
        st.builds(
            Pooling,
            st.just(name),
            st.integers(1, 3),
            st.integers(1, 3),
            st.sampled_from(["max", "average"]),
        ),
        st.builds(ZeroPadding, st.just(name), st.integers(1, 2)),
        st.builds(DepthwiseScale, st.just(name)),
        unit_specs(name),
    )


@st.composite
def partly_connected(draw: st.DrawFn, name: str, maps: int) -> Convolution:
    """A convolution whose kernels look at some of so many maps each."""
    connected = st.lists(st.integers(0, maps - 1), min_size=1, unique=True).map(tuple)
    connections = draw(st.lists(connected, min_size=1, max_size=MOST_MAPS).map(tuple))
    return Convolution(name, len(connections), draw(st.integers(1, 3)), connections=connections)


def unit_specs(name: str) -> st.SearchStrategy[LayerSpec]:
    """A layer that takes maps as well as units."""
    share = st.floats(0, 0.9)
    return st.one_of(
        st.builds(Activation, st.just(name), st.sampled_from(ACTIVATIONS)),
        st.builds(BatchNormalization, st.just(name), share, st.floats(1e-6, 0.1)),
        st.builds(Dropout, st.just(name), share),
    )


def fits(architecture: Architecture) -> bool:
    """Say whether each layer's input is large enough for it."""
    try:
        layers_of(architecture)
    except ArchitectureError:
        return False
    return True
