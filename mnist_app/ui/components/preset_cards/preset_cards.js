/* A card for each preset: a radio button whose label is the card, so that arrow keys move between
   them. A click on the chosen card brings its settings back. */

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".cards");
  if (!root.childElementCount) root.append(...CARDS.map(cardOf));
  root.querySelectorAll("input").forEach((input) => {
    const isChosen = input.value === data.chosen;
    input.checked = isChosen;
    input.parentElement.querySelector(".changed").hidden = !(isChosen && data.changed);
    input.onchange = () => setTriggerValue("chosen", input.value);
    input.onclick = () => {
      if (isChosen && data.changed) setTriggerValue("chosen", input.value);
    };
  });
}

function cardOf({ name, title, lesson, picture }) {
  const card = document.createElement("label");
  card.innerHTML =
    `<input type="radio" name="preset" value="${name}" aria-label="${title}" aria-describedby="${name}">` +
    `<span class="picture">${picture}</span>` +
    `<span class="title">${title}<span class="changed" hidden> (changed)</span></span>` +
    `<span class="lesson" id="${name}">${lesson}</span>`;
  return card;
}
