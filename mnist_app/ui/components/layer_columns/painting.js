/* From a layer's values to the pixels of its tiles. */

/* Writes the indices of a layer's output, tile after tile: its last axis is the maps or units. The
   scale is stretched where it has a limit, as in imaging/colormap.py, and else from 0 to 1. */
function writeIndices(indices, values, count, limit) {
  const size = values.length / count;
  for (let at = 0; at < values.length; at++) {
    const share = limit ? 0.5 + 0.5 * Math.cbrt(values[at] / limit) : values[at];
    const index = 255 * Math.min(Math.max(share, 0), 1) + 0.5;
    indices[(at % count) * size + Math.floor(at / count)] = index;
  }
}

/* The tiles of a column in one strip, a canvas pixel a value, painted again and again. */
class Strip {
  constructor({ count, rows, columns, palette }) {
    this.of = { count, rows, columns };
    this.indices = new Uint8Array(count * rows * columns);
    this.image = new ImageData(columns, count * rows);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.colors = wordsOf(palette);
    this.paper = new OffscreenCanvas(columns, count * rows);
    this.pen = this.paper.getContext("2d");
  }

  fill() {
    const { indices, pixels, colors } = this;
    for (let at = 0; at < indices.length; at++) pixels[at] = colors[indices[at]];
    this.pen.putImageData(this.image, 0, 0);
  }

  /* Draws a tile into a place of a canvas, in its pixels. */
  draw(pen, tile, left, top, width, height) {
    const { rows, columns } = this.of;
    pen.imageSmoothingEnabled = width < columns || height < rows;
    pen.drawImage(this.paper, 0, tile * rows, columns, rows, left, top, width, height);
  }

  /* Draws all tiles as they are laid out, into a canvas of that size. */
  drawAll(canvas, { across, width, height }) {
    const pen = canvas.getContext("2d");
    const ratio = devicePixelRatio;
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    const gap = Math.max(1, Math.round(TILE_GAP * ratio));
    for (let tile = 0; tile < this.of.count; tile++) {
      const [column, row] = [tile % across, Math.floor(tile / across)];
      this.draw(pen, tile, column * (wide + gap), row * (high + gap), wide, high);
    }
  }
}
