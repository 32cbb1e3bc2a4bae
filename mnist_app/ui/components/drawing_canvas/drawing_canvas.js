/* Shows streamlit-drawable-canvas, and sends less than it would: the picture, and the strokes in few
   bytes (data/canvas_strokes.py) in the place of Fabric's JSON, which is twenty times as long. */

const { default: drawable } = await import(`${location.origin}/${DRAWABLE_CANVAS}`);
const BYTES = 2;

export default function (component) {
  const root = component.parentElement.querySelector(".canvas-root");
  return keptAt(root, () => new Begun(root)).show(component);
}

/* What a canvas began with: a picture, because strokes that are drawn again look a little different.
   Fabric can undo what was drawn on it. After that Undo puts the strokes that the picture shows in
   its place, but the last one; a picture that shows no strokes goes as a whole. */
class Begun {
  constructor(root) {
    this.left = null; // the strokes that are there in the place of the picture; null while it is there
    root.addEventListener(UNDO_BEGUN, () => this.undo());
  }

  show(component) {
    this.component = component;
    const { data } = component;
    return drawable({
      ...component,
      data: { ...data, initialDrawing: { ...data.initialDrawing, objects: this.objects() } },
      setStateValue: (name, value) => {
        if (name !== "drawing") return;
        document.dispatchEvent(new CustomEvent(CANVAS_SENT, { detail: value.data }));
        component.setStateValue(name, { data: value.data, strokes: this.allStrokes(value.raw.objects) });
      },
    });
  }

  undo() {
    if (!this.objects().length) return;
    this.left = (this.left ?? this.strokes()).slice(0, -1);
    this.show(this.component);
  }

  strokes() {
    return unpackedStrokes(this.component.data.strokes);
  }

  objects() {
    const { initialDrawing, strokeColor } = this.component.data;
    return this.left?.map((stroke) => asPath(stroke, strokeColor)) ?? initialDrawing.objects;
  }

  /* The strokes of all that is drawn; "" where a picture shows more than these, or they are too many. */
  allStrokes(objects) {
    const drawn = objects.filter(({ type, path }) => type === "Path" && path.length).map(asStroke);
    if (this.left || !this.objects().length) return packedStrokes(drawn);
    const shown = this.strokes();
    return shown.length ? packedStrokes([...shown, ...drawn]) : "";
  }
}

/* A stroke is {width, points}, the points as pairs of tenths of a pixel. M, Q and L: the first point of
   each is where the pen was. */
function asStroke({ strokeWidth, path }) {
  return { width: strokeWidth, points: path.map(([, x, y]) => [TENTHS * x, TENTHS * y]) };
}

/* The path that Fabric's pencil draws: from middle to middle between points. The end is a little
   further, as there: a dot without any length would not be seen. */
function asPath({ width, points }, color) {
  const places = points.map(([x, y]) => [x / TENTHS, y / TENTHS]);
  const [endX, endY] = places.at(-1);
  const curves = places.slice(1, -1).map(([x, y], at) => {
    const [nextX, nextY] = places[at + 2];
    return ["Q", x, y, (x + nextX) / 2, (y + nextY) / 2];
  });
  const path = [["M", ...places[0]], ...curves, ["L", endX + width / 1000, endY]];
  const pen = { stroke: color, strokeWidth: width, strokeLineCap: "round", strokeLineJoin: "round", fill: null };
  return { type: "Path", path, ...pen };
}

/* Strokes as base64; "" for more than are kept. */
function packedStrokes(strokes) {
  const count = strokes.reduce((sum, { points }) => sum + points.length, 0);
  if (strokes.length > MOST_STROKES || count > MOST_POINTS) return "";
  const numbers = new DataView(new ArrayBuffer(2 * BYTES * (strokes.length + count)));
  let at = 0;
  const write = (number) => {
    numbers.setInt16(at, Math.max(-32768, Math.min(32767, Math.round(number))), true);
    at += BYTES;
  };
  for (const { width, points } of strokes) [width, points.length, ...points.flat()].forEach(write);
  return base64Of(new Uint8Array(numbers.buffer));
}

function unpackedStrokes(base64) {
  const numbers = new DataView(bytesOf(base64).buffer);
  const strokes = [];
  let at = 0;
  const read = () => {
    at += BYTES;
    return numbers.getInt16(at - BYTES, true);
  };
  while (at < numbers.byteLength) {
    const [width, count] = [read(), read()];
    strokes.push({ width, points: Array.from({ length: count }, () => [read(), read()]) });
  }
  return strokes;
}

function base64Of(bytes) {
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return btoa(letters);
}
