/* Shows streamlit-drawable-canvas, and sends less than it would: the picture, and the strokes in few
   bytes (data/canvas_strokes.py) in the place of Fabric's JSON, which is twenty times as long. */

const { default: drawable } = await import(`${location.origin}/${DRAWABLE_CANVAS}`);

export default function (component) {
  return drawable({
    ...component,
    setStateValue(name, value) {
      if (name !== "drawing") return;
      component.setStateValue(name, { data: value.data, strokes: packedStrokes(value.raw.objects) });
    },
  });
}

/* The strokes among Fabric's objects as base64; "" for more than are kept. */
function packedStrokes(objects) {
  const paths = objects.filter((object) => object.type === "Path" && object.path.length);
  const points = paths.reduce((sum, { path }) => sum + path.length, 0);
  if (paths.length > MOST_STROKES || points > MOST_POINTS) return "";
  const numbers = new DataView(new ArrayBuffer(2 * (2 * paths.length + 2 * points)));
  let at = 0;
  const write = (number) => {
    numbers.setInt16(at, Math.max(-32768, Math.min(32767, Math.round(number))), true);
    at += 2;
  };
  for (const { strokeWidth, path } of paths) {
    write(strokeWidth);
    write(path.length);
    // M, Q and L: the first point of each is where the pen was.
    for (const [, x, y] of path) {
      write(TENTHS * x);
      write(TENTHS * y);
    }
  }
  return base64Of(new Uint8Array(numbers.buffer));
}

function base64Of(bytes) {
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return btoa(letters);
}
