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
  root.onclick = (event) => {
    const box = root.getBoundingClientRect();
    const share = (at, start, size) => Math.min(1, Math.max(0, (at - start) / size));
    setTriggerValue("picked", [
      share(event.clientX, box.left, box.width),
      share(event.clientY, box.top, box.height),
    ]);
  };
}
