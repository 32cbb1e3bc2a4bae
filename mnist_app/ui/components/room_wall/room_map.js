/* The room's digits on the map of MNIST: each lies among the training images that are most like it. */

const MILLISECONDS_A_FRAME = 12;
const LARGEST_PICTURE = 34;
const SMALLEST_PICTURE = 16;
const MAP_MARGIN = 24;
const FAINT = 0.55; // how bright dots are, so that the room's digits stand out

class RoomMap {
  constructor(root) {
    this.root = root;
    this.canvas = root.querySelector("canvas");
    this.places = new Map();
    this.drawings = [];
    new ResizeObserver(() => this.paintSoon()).observe(root);
  }

  get isOpen() {
    return !this.root.hidden;
  }

  toggle(urls) {
    this.root.hidden = this.isOpen;
    if (!this.isOpen) return;
    this.loading ??= Promise.all([fetchOnce(urls.map, unpackMap), fetchOnce(urls.network, unpackNetwork)]);
    this.loading.then(
      ([map, { layers }]) => {
        [this.map, this.layers] = [map, layers];
        this.hidden = layers.findIndex(({ spec }) => spec.name === map.layer);
        this.paintSoon();
      },
      () => (this.loading = null),
    );
  }

  /* Takes the drawings that are shown, the newest last. */
  show(drawings) {
    this.drawings = drawings;
    if (this.isOpen) this.paintSoon();
  }

  paintSoon() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      if (!this.map || !this.root.clientWidth) return;
      if (this.findPlaces()) this.paintSoon();
      this.paint();
    });
  }

  /* Finds places for as long as a frame allows; returns whether some are still to be found. */
  findPlaces() {
    const began = performance.now();
    for (const { number, image } of this.drawings) {
      if (this.places.has(number)) continue;
      if (performance.now() - began > MILLISECONDS_A_FRAME) return true;
      const outputs = runNetwork(this.layers, bytesOf(image))[this.hidden];
      this.places.set(number, placeOf(this.map, outputs));
    }
    return false;
  }

  paint() {
    const { clientWidth: width, clientHeight: height } = this.root;
    if (this.canvas.width !== width || this.canvas.height !== height) {
      [this.canvas.width, this.canvas.height] = [width, height];
      this.dots = null;
    }
    const side = Math.min(width, height) - 2 * MAP_MARGIN;
    const [left, top] = [(width - side) / 2, (height - side) / 2];
    this.dots ??= this.dotsAt(width, height, side, left, top);
    const context = this.canvas.getContext("2d");
    context.putImageData(this.dots, 0, 0);
    const shown = this.drawings.filter(({ number }) => this.places.has(number));
    const size = Math.max(SMALLEST_PICTURE, Math.min(LARGEST_PICTURE, (2 * side) / Math.sqrt(shown.length + 1) / 4));
    for (const { number, image, wrong } of shown) {
      const { x, y } = this.places.get(number);
      const [across, down] = [left + x * side - size / 2, top + y * side - size / 2];
      context.drawImage(this.pictureOf(number, image), across, down, size, size);
      context.strokeStyle = wrong ? "#ff9623" : "#f1f0ec";
      context.lineWidth = wrong ? 2 : 1;
      context.strokeRect(across, down, size, size);
    }
  }

  pictureOf(number, image) {
    const place = this.places.get(number);
    return (place.picture ??= pictureOf(image));
  }

  dotsAt(width, height, side, left, top) {
    const pixels = new ImageData(width, height);
    const words = new Uint32Array(pixels.data.buffer).fill(0xff100d0c);
    const colors = this.map.colors.map((color) => {
      const [red, green, blue] = color.map((part) => Math.round(FAINT * part));
      return (0xff << 24) | (blue << 16) | (green << 8) | red;
    });
    const { positions, labels, images } = this.map;
    for (let dot = 0; dot < images; dot++) {
      const x = Math.round(left + (positions[2 * dot] * side) / 65535);
      const y = Math.round(top + (positions[2 * dot + 1] * side) / 65535);
      words[y * width + x] = colors[labels[dot]];
    }
    return pixels;
  }
}
