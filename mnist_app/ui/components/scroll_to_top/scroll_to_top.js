/* Scroll to the top when a page comes after another, and never when one is only run again. The
 * last arrival is kept by what is scrolled: this file may be loaded after a page was left. */

export default function ({ data, parentElement }) {
  const main = parentElement.getRootNode().host.closest('[data-testid="stMain"]');
  const isNew = data.arrivals !== Number(main.dataset.arrivals);
  if (isNew && data.arrivals > 1) main.scrollTo(0, 0);
  main.dataset.arrivals = data.arrivals;
}
