/* Scroll to the top when a page comes after another, and never when one is only run again. */

let shown;

export default function ({ data, parentElement }) {
  if (shown !== undefined && shown !== data.page) {
    const { host } = parentElement.getRootNode();
    host.closest('[data-testid="stMain"]').scrollTo(0, 0);
  }
  shown = data.page;
}
