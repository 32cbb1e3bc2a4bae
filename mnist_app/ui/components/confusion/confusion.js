/* A table of buttons: a row a label, a column an answer. */

export default function ({ parentElement, data, setTriggerValue }) {
  const { rows, picked } = data;
  const head = parentElement.querySelector("thead");
  const body = parentElement.querySelector("tbody");
  if (!body.childElementCount) build(head, body, rows.length);
  body.querySelectorAll("button").forEach((button) => {
    const label = Number(button.dataset.label);
    const answer = Number(button.dataset.answer);
    const count = rows[label].counts[answer];
    button.textContent = count || "·";
    button.disabled = !count;
    button.className = label === answer ? "right" : count ? "wrong" : "";
    const isPicked = picked?.label === label && picked?.answer === answer;
    button.classList.toggle("picked", isPicked);
    button.setAttribute("aria-pressed", isPicked);
    button.style.setProperty("--shade", rows[label].shades[answer]);
    button.setAttribute("aria-label", `Label ${label}, answer ${answer}: ${count} images`);
    button.onclick = () => setTriggerValue("picked", [label, answer]);
  });
}

function build(head, body, side) {
  const digits = [...Array(side).keys()];
  head.innerHTML =
    `<tr><th></th><th colspan="${side}">What it answers →</th></tr>` +
    `<tr><th scope="col">Label ↓</th>${digits.map((digit) => `<th scope="col">${digit}</th>`).join("")}</tr>`;
  body.innerHTML = digits
    .map(
      (label) =>
        `<tr><th scope="row">${label}</th>` +
        digits.map((answer) => `<td><button data-label="${label}" data-answer="${answer}"></button></td>`).join("") +
        "</tr>",
    )
    .join("");
}
