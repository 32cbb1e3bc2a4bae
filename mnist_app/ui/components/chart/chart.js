/* Charts that the server drew as SVG: Streamlit's own HTML would drop them. The place where curves are
   read moves along with a page's slider. */

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".lab-charts");
  root.innerHTML = data.charts.join("");
  const follow = ({ detail }) => {
    for (const figure of root.querySelectorAll("figure:has(.at)")) readAt(figure, detail.strength);
  };
  return whileShown(root, () => {
    document.addEventListener(PREPARE_CHANGED, follow);
    return () => document.removeEventListener(PREPARE_CHANGED, follow);
  });
}

/* Moves the upright line, and says what the curves are there. */
function readAt(figure, value) {
  const svg = figure.querySelector("svg");
  const [across, up] = [svg.dataset.across, svg.dataset.up].map((axis) => axis.split(" ").map(Number));
  const x = between(value, across);
  const line = svg.querySelector(".at");
  line.setAttribute("x1", x);
  line.setAttribute("x2", x);
  const values = figure.querySelectorAll("figcaption b");
  svg.querySelectorAll("polyline").forEach(({ points }, at) => {
    const share = between(heightAt([...points], x), [up[2], up[3], up[0], up[1]]);
    values[at].textContent = `${(100 * share).toFixed(1)}%`;
  });
}

/* A value on one scale, on another: [low, high, other low, other high]. */
function between(value, [low, high, otherLow, otherHigh]) {
  return otherLow + ((value - low) / (high - low)) * (otherHigh - otherLow);
}

/* How high a curve of points is at x. */
function heightAt(points, x) {
  const next = Math.max(1, points.findIndex((point) => point.x >= x));
  const [left, right] = [points[next - 1], points[next]];
  return between(x, [left.x, right.x, left.y, right.y]);
}
