/* Charts that the server drew as SVG: Streamlit's own HTML would drop them. */

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".lab-charts");
  root.innerHTML = data.charts.join("");
}
