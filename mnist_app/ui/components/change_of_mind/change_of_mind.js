/* The strokes with the least ink to each digit, and one digit large: with the bars before and after, and with
   other strokes that do the same. */

const PEN = "#ff9623";
const ERASER = "#4b9bf5";

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".mind");
  const state = keptAt(root, () => ({ digit: null, number: 0, isPicked: false }));
  const digits = Object.keys(data.found).map(Number);
  state.isPicked &&= state.digit in data.found;
  // The first that was found stays while others are found.
  if (!state.isPicked && !data.found[state.digit]?.length) {
    state.digit = digits.find((digit) => data.found[digit].length) ?? digits[0];
  }
  loadImage(`data:image/png;base64,${data.ink}`).then((ink) => {
    const paint = () => paintAll(root, data, ink, state, pick);
    const pick = (digit, number) => {
      Object.assign(state, { digit, number, isPicked: true });
      paint();
    };
    const most = (data.found[state.digit] ?? []).length - 1;
    state.number = Math.max(0, Math.min(state.number, most));
    paint();
    root.querySelector(".take").onclick = () => setTriggerValue("taken", { digit: state.digit, number: state.number });
  });
}

function loadImage(source) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = reject;
    image.src = source;
  });
}

function paintAll(root, data, ink, { digit, number }, pick) {
  const paintTile = (button, stroke, alt) => {
    const canvas = document.createElement("canvas");
    paintStrokes(canvas, data.side, ink, stroke);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", alt);
    button.append(canvas);
  };
  root.querySelector(".tiles").replaceChildren(
    ...data.before.map((_, at) => {
      const [shortest] = data.found[at] ?? [];
      const button = buttonOf(at === digit, () => pick(at, 0));
      button.disabled = !data.found[at];
      const title = document.createElement("b");
      title.textContent = at;
      button.append(title);
      paintTile(button, shortest, shortest ? `A stroke that makes it a ${at}` : `No stroke to a ${at}`);
      const below = document.createElement("span");
      below.textContent = belowTile(data, at);
      button.append(below);
      return button;
    }),
  );
  const strokes = data.found[digit] ?? [];
  const stroke = strokes[number];
  const large = root.querySelector(".large > canvas");
  paintStrokes(large, data.side, ink, stroke);
  large.setAttribute("aria-label", headline(digit, stroke, data));
  root.querySelector(".headline").textContent = headline(digit, stroke, data);
  root.querySelector(".take").disabled = !stroke;
  const ways = strokes.length > 1 ? strokes : [];
  root.querySelector(".others").replaceChildren(
    ...ways.map((other, at) => {
      const button = buttonOf(at === number, () => pick(digit, at));
      paintTile(button, other, `Stroke ${at + 1}: ${share(other.ink)} of the ink`);
      return button;
    }),
  );
  root.querySelector(".rows").replaceChildren(...data.before.map((before, at) => rowOf(at, before, stroke?.after[at], at === digit)));
}

function belowTile({ before, found }, digit) {
  if (found[digit]) return found[digit].length ? `${share(found[digit][0].ink)} ink` : "none";
  return before[digit] === Math.max(...before) ? "yours" : "…";
}

function buttonOf(isPressed, onClick) {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-pressed", isPressed);
  button.onclick = onClick;
  return button;
}

function headline(digit, stroke, { least }) {
  if (digit === undefined) return "Looking for the least ink that does it …";
  if (!stroke) return least.replace("{digit}", digit);
  const ways = new Set(stroke.strokes.map(({ erases }) => erases));
  const done = ways.size > 1 ? "Draw the orange, rub the blue out," : ways.has(true) ? "Rub this out" : "Draw this";
  return `${done} and it says ${digit}: ${share(stroke.ink)} of the digit’s ink.`;
}

function share(ink) {
  return `${Math.max(1, Math.round(100 * ink))}%`;
}

function paintStrokes(canvas, side, ink, found) {
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  context.drawImage(ink, 0, 0);
  for (const { points, width, erases } of found?.strokes ?? []) {
    Object.assign(context, { lineWidth: width, lineCap: "round", lineJoin: "round" });
    context.strokeStyle = erases ? ERASER : PEN;
    context.globalAlpha = erases ? 0.75 : 1;
    context.beginPath();
    points.forEach(([x, y], at) => (at ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.stroke();
  }
}

function rowOf(digit, before, after, isWanted) {
  const row = document.createElement("div");
  row.className = isWanted ? "row wanted" : "row";
  row.innerHTML = '<b></b><div><i></i><i class="after"></i></div><span></span>';
  row.querySelector("b").textContent = digit;
  const [first, second] = row.querySelectorAll("i");
  first.style.setProperty("--share", before);
  second.style.setProperty("--share", after ?? 0);
  row.querySelector("span").textContent = after === undefined ? percent(before) : percent(after);
  return row;
}
