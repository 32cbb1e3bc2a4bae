/* Which networks run in which frame: the first in each, the others in turn as long as there is time,
   so that many of them never hold up the pen. */

const MILLISECONDS_A_FRAME = 9;

class Turns {
  constructor() {
    this.waiting = [];
    this.forget();
  }

  forget() {
    this.results = {};
    this.unprepared = {};
  }

  /* There is another image for these networks; what they said to the last one stays until they are
     asked again. */
  start(networks, withUnprepared) {
    const turns = [true, false].slice(0, withUnprepared ? 2 : 1).flatMap((isPrepared) =>
      networks.filter(({ layers }) => layers).map((asked) => ({ asked, isPrepared })),
    );
    if (!turns.length) this.forget();
    const [first, ...others] = turns;
    const nameOf = ({ asked, isPrepared }) => `${isPrepared} ${asked.key}`;
    // Who did not have a turn with the last image is asked first.
    const left = new Set(this.waiting.map(nameOf));
    const [late, early] = [true, false].map((isLeft) => others.filter((turn) => left.has(nameOf(turn)) === isLeft));
    this.waiting = [...late, ...early];
    this.first = first;
  }

  /* The turns of this frame, one after the other until its time is over. */
  *next() {
    const end = performance.now() + MILLISECONDS_A_FRAME;
    if (this.first) yield this.first;
    this.first = null;
    if (this.waiting.length) yield this.waiting.shift();
    while (this.waiting.length && performance.now() < end) yield this.waiting.shift();
  }

  keep(key, isPrepared, result) {
    (isPrepared ? this.results : this.unprepared)[key] = result;
  }

  areLeft() {
    return this.waiting.length > 0;
  }
}
