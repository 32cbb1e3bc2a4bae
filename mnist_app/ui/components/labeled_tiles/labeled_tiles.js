/* A visitor's labeled drawings; a click on a cross removes one. */

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".tiles");
  const remove = (number) => setTriggerValue("removed", number);
  root.replaceChildren(...data.tiles.map((tile) => tileOf(tile, remove)));
}

function tileOf({ number, picture, title, isWrong }, onRemove) {
  const tile = document.createElement("div");
  tile.className = isWrong ? "tile wrong" : "tile";
  tile.setAttribute("role", "listitem");
  const image = document.createElement("img");
  image.src = picture;
  image.alt = "Your drawing";
  const name = document.createElement("span");
  name.textContent = title;
  const cross = document.createElement("button");
  cross.type = "button";
  cross.title = `Remove this drawing: ${title}`;
  cross.setAttribute("aria-label", cross.title);
  cross.addEventListener("click", () => onRemove(number));
  tile.append(image, name, cross);
  return tile;
}
