/* One step as a picture: the products fly into their sum, the sum drops into its pixel. */

const GATHERED = 0.5; // of the step: by then all products are in the sum
const DROPPING = 0.62; // from then on the sum is on its way
const APART = 0.35; // how much later the last product leaves than the first

/* What flies, in the place of an element of its own; places are the middles of elements. */
class Flight {
  constructor(sky) {
    this.sky = sky;
    this.flyers = [];
  }

  /* Shows the step so far, 0 to 1: `cells` and `sum` are elements, `pixel` is the place on the screen
     where the sum goes; `texts` are the products, `text` the sum. */
  show(share, { cells, sum, pixel, texts, text }) {
    const sky = this.sky.getBoundingClientRect();
    const end = middleOf(sum.getBoundingClientRect());
    const isDropping = share > DROPPING;
    const starts = isDropping ? [end] : cells.map((cell) => middleOf(cell.getBoundingClientRect()));
    const labels = isDropping ? [text] : texts;
    const goal = isDropping ? pixel : end;
    const way = isDropping ? (share - DROPPING) / (1 - DROPPING) : Math.min(1, share / GATHERED);
    this.fit(starts.length);
    starts.forEach((start, at) => {
      const late = isDropping ? 0 : (APART * at) / Math.max(1, starts.length - 1);
      const own = eased(Math.min(1, Math.max(0, (way - late) / (isDropping ? 1 : 1 - APART))));
      const flyer = this.flyers[at];
      setText(flyer, labels[at]);
      flyer.classList.toggle("sum", isDropping);
      const x = start.x + (goal.x - start.x) * own - sky.left;
      const y = start.y + (goal.y - start.y) * own - sky.top;
      flyer.style.transform = `translate(${x}px, ${y}px) translate(-50%, -50%) scale(${1 - (isDropping ? 0.5 : 0.3) * own})`;
      flyer.style.opacity = !isDropping && own >= 1 ? 0 : 1;
    });
    return share >= GATHERED;
  }

  fit(count) {
    while (this.flyers.length < count) {
      const flyer = document.createElement("span");
      this.sky.append(flyer);
      this.flyers.push(flyer);
    }
    this.flyers.forEach((flyer, at) => (flyer.hidden = at >= count));
  }

  clear() {
    if (!this.flyers.length) return;
    this.flyers = [];
    this.sky.replaceChildren();
  }
}

function middleOf({ left, top, width, height }) {
  return { x: left + width / 2, y: top + height / 2 };
}

function eased(share) {
  return share < 0.5 ? 2 * share * share : 1 - 2 * (1 - share) ** 2;
}
