/* The window's walk over the whole image: the result starts empty and fills value by value. */

const WALK = 3000; // milliseconds from the first value to the last
const EMPTY = 300; // of these, until the window meets something
const EXPLAINED = [850, 450, 250]; // and for the first windows that see something
const STEP = 700; // milliseconds of a single step
const SHORTEST_FLIGHT = 200; // in a shorter step nothing flies

/* When each of `count` steps is over, in milliseconds from the start: quickly to the step `first`,
   slowly through the next ones, then faster and faster. */
function endsOfSteps(count, first) {
  const explained = EXPLAINED.slice(0, count - first);
  const begun = first ? EMPTY : 0;
  const rushed = begun + explained.reduce((sum, time) => sum + time, 0);
  const left = count - first - explained.length;
  let time = begun;
  return Float64Array.from({ length: count }, (_, step) => {
    if (step < first) return (EMPTY * (step + 1)) / first;
    if (step < first + explained.length) return (time += explained[step - first]);
    return rushed + (WALK - rushed) * Math.sqrt((step - first - explained.length + 1) / left);
  });
}

/* Where the walk is: `filled` values stand in the result, and `flight` is how far the next one has
   come, 0 to 1; null where nothing flies. It asks for `paint` at each frame, and only while it runs. */
class Walk {
  constructor(paint) {
    this.paint = paint;
    this.close();
  }

  /* The whole result is there. */
  close() {
    this.pause();
    this.isOpen = false;
    this.run = this.flight = null;
  }

  /* An empty result of so many values; the window sees something first at the place `first`. */
  open(count, first) {
    this.pause();
    Object.assign(this, { count, first, isOpen: true, filled: 0, run: null, flight: null });
  }

  play() {
    const left = this.count - this.filled;
    const first = Math.min(Math.max(0, this.first - this.filled), left - 1);
    if (!this.run || this.run.isStep) this.start(endsOfSteps(left, first), false);
    this.resume();
  }

  step() {
    if (this.run) this.fillTo(this.filled + 1);
    if (!this.isOpen) return;
    this.start(Float64Array.of(STEP), true);
    this.resume();
  }

  /* Shows so many values at once. */
  fillTo(filled) {
    this.pause();
    this.run = this.flight = null;
    this.filled = Math.min(Math.max(filled, 0), this.count);
    if (this.filled === this.count) this.close();
  }

  start(ends, isStep) {
    this.run = { ends, isStep, from: this.filled, time: 0 };
  }

  resume() {
    this.isRunning = true;
    this.last = performance.now();
    this.frame = requestAnimationFrame((now) => this.tick(now));
  }

  pause() {
    cancelAnimationFrame(this.frame);
    this.isRunning = false;
  }

  tick(now) {
    this.run.time += Math.max(0, now - this.last);
    this.last = now;
    this.goTo(this.run.time);
    if (this.isRunning) this.frame = requestAnimationFrame((next) => this.tick(next));
    this.paint();
  }

  goTo(time) {
    const { ends, from } = this.run;
    let step = this.filled - from;
    while (step < ends.length && ends[step] <= time) step++;
    if (step === ends.length) {
      this.fillTo(from + step);
      return;
    }
    const begin = step ? ends[step - 1] : 0;
    this.filled = from + step;
    this.flight = ends[step] - begin < SHORTEST_FLIGHT ? null : (time - begin) / (ends[step] - begin);
  }

  /* The place of the window: where the next value comes from, or the last one came from. */
  place() {
    return Math.min(this.run ? this.filled : Math.max(0, this.filled - 1), this.count - 1);
  }
}
