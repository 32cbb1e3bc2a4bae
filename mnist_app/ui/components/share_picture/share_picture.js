/* Hands a picture to another app. Only phones are asked: on a desktop the file is what one wants. */

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".share-picture");
  const file = new File([bytesOf(data.png)], data.name, { type: "image/png" });
  const what = { files: [file], title: data.title };
  root.hidden = !(matchMedia("(pointer: coarse)").matches && navigator.canShare?.(what));
  root.querySelector("button").onclick = () => navigator.share(what).catch(() => {}); // not shared is fine
}
