/* A run that has ended, or two in step, at any moment: a slider over the images seen, which also plays. */

/* Seconds that a film takes at the usual speed, milliseconds from one frame to the next, and from one
   moment to the next where motion is reduced. */
const LENGTH = 12;
const FRAME = 40;
const STEP = 700;

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".film");
  const player = keptAt(root, () => new Player(root));
  player.update(data.films);
  return whileShown(root, () => player.begin());
}

class Player {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.reels = [];
    this.place = this.find(".place");
    this.place.addEventListener("input", () => this.pause().show());
    this.place.addEventListener("keydown", (event) => this.press(event));
    this.find(".play").addEventListener("click", () => (this.playing ? this.pause() : this.play()));
    this.find(".step select").addEventListener("change", () => this.show());
  }

  /* While the element is on the page. */
  begin() {
    const sized = new ResizeObserver(() => this.show());
    sized.observe(this.root);
    return () => {
      sized.disconnect();
      this.pause();
    };
  }

  /* The films of the page's choice; those that are there already stay. */
  update(films) {
    const key = JSON.stringify(films);
    if (key === this.key) return;
    this.key = key;
    this.pause();
    const before = new Map(this.reels.map((reel) => [JSON.stringify(reel.about), reel]));
    this.reels = films.map((about) => before.get(JSON.stringify(about)) ?? this.reel(about));
    this.find(".reels").replaceChildren(...this.reels.map(({ root }) => root));
    this.find(".step").hidden = films.length < 2;
    this.root.classList.toggle("two", films.length > 1);
    this.show();
  }

  reel(about) {
    const part = this.find("template").content.cloneNode(true);
    return new Reel(part.querySelector(".reel"), about, () => this.show());
  }

  get loaded() {
    return this.reels.filter(({ film }) => film);
  }

  get isByShare() {
    return this.reels.length > 1 && this.find(".step select").value === "share";
  }

  /* Where the slider's end is, in images: of the longer run, or of the first where shares count. */
  get end() {
    const ends = this.loaded.map(({ film }) => film.end);
    return this.isByShare ? ends[0] : Math.max(...ends);
  }

  /* How many images of a run have been seen where the slider stands at so many. */
  imagesOf({ film }, images) {
    return this.isByShare ? Math.round((images / this.end) * film.end) : Math.min(images, film.end);
  }

  show() {
    if (!this.loaded.length || !this.root.clientWidth) return;
    const images = imagesAt(this.place.valueAsNumber, this.end);
    for (const reel of this.loaded) {
      reel.show(this.imagesOf(reel, images), this.isByShare ? reel.film.end : this.end);
    }
    const text = this.isByShare ? `${percent(images / this.end)} of each training` : `${images.toLocaleString("en")} images seen`;
    this.find(".now").textContent = text;
    this.place.setAttribute("aria-valuetext", text);
  }

  /* The places of the slider at which there is something new to see. */
  stops() {
    const of = (reel) => reel.stops().map((images) => (this.isByShare ? (images / reel.film.end) * this.end : images));
    const places = this.loaded.flatMap(of).map((images) => shareOfImages(images, this.end));
    return [...new Set([0, ...places, 1])].sort((one, other) => one - other);
  }

  /* The arrows go from moment to moment. */
  press(event) {
    const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    this.pause().move(way);
  }

  move(way) {
    const [now, stops] = [this.place.valueAsNumber, this.stops()];
    const next = way > 0 ? stops.find((stop) => stop > now + 1e-6) : stops.findLast((stop) => stop < now - 1e-6);
    this.place.value = next ?? now;
    this.show();
  }

  play() {
    if (!this.loaded.length) return;
    if (this.place.valueAsNumber > 0.999) this.place.value = 0;
    this.find(".play").textContent = "Pause";
    this.last = performance.now();
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.playing = setInterval(() => (isStill ? this.move(1) : this.go()) ?? this.endAtEnd(), isStill ? STEP : FRAME);
  }

  go() {
    const now = performance.now();
    const speed = Number(this.find(".speed").value);
    this.place.value = this.place.valueAsNumber + ((now - this.last) / 1000 / LENGTH) * speed;
    this.last = now;
    this.show();
  }

  endAtEnd() {
    if (this.place.valueAsNumber >= 1) this.pause();
  }

  pause() {
    clearInterval(this.playing);
    this.playing = 0;
    this.find(".play").textContent = "Play";
    return this;
  }
}

/* How many images are at a share of a logarithmic axis: what shareOfImages turned around says. */
function imagesAt(share, end) {
  return share >= 1 ? end : Math.round(FIRST_IMAGES * Math.expm1(share * Math.log1p(end / FIRST_IMAGES)));
}
