/* A picture with marks; a click reports where. */

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".embedding-map");
  const picture = root.querySelector("img");
  if (picture.src !== data.picture) picture.src = data.picture;
  picture.alt = data.label;
  root.querySelector(".marks").replaceChildren(
    ...data.marks.map(({ x, y, kind, text }) => {
      const mark = document.createElement("div");
      mark.className = kind;
      mark.textContent = text;
      mark.style.left = `${100 * x}%`;
      mark.style.top = `${100 * y}%`;
      return mark;
    }),
  );
  root.onclick = (event) => setTriggerValue("picked", placeUnder(event, root.getBoundingClientRect()));
}

/* Where the pointer is in a box, from the left and from the top, 0 to 1. */
function placeUnder({ clientX, clientY }, { left, top, width, height }) {
  const share = (distance, size) => Math.min(1, Math.max(0, distance / size));
  return [share(clientX - left, width), share(clientY - top, height)];
}
