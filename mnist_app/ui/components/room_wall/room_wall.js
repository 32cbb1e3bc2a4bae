/* The wall of a room: what phones have drawn falls into ten columns, by what the network reads. */

const WAITING = { open: "", paused: "The room is paused.", closed: "The room is closed." };
const LARGEST_TILE = 84;
const SMALLEST_TILE = 14;
const TILE_GAP = 4;
const COLUMN_GAP = 8;
const WIDENING = 12; // how much wider a column is that has all drawings
const MOST_TILES = 100; // a column: the newest ones, the others are counted
const MOST_FALLING = 8; // at a time; more would take the browser too long
const LOST_AFTER = 1500; // milliseconds: a stream is opened again now and then
const REOPEN_AFTER = 2000;

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".wall");
  const wall = keptAt(root, () => new Wall(root));
  wall.hide = (number) => setTriggerValue("hidden", number);
  wall.update(data);
  return whileShown(root, () => wall.listen());
}

class Wall {
  constructor(root) {
    this.root = root;
    this.drawings = new Map();
    this.tiles = new Map();
    this.find = (name) => root.querySelector(name);
    this.columns = Array.from({ length: NO_DIGIT + 1 }, (_, digit) => this.addColumn(digit));
    root.addEventListener("keydown", (event) => this.press(event));
    for (const button of root.querySelectorAll("[data-key]")) button.onclick = () => this.act(button.dataset.key);
    this.map = new RoomMap(this.find(".map"));
    this.find(".back").onclick = () => this.close();
    this.find(".hide").onclick = () => this.hideShown();
    this.find(".columns").onclick = ({ target }) => target.dataset.number && this.open(Number(target.dataset.number));
    new ResizeObserver(() => this.fit()).observe(this.find(".columns"));
  }

  addColumn(digit) {
    const column = document.createElement("div");
    column.className = "column";
    column.innerHTML = `<div class="tiles"></div><footer>${digit < NO_DIGIT ? digit : "none"}<small></small></footer>`;
    this.find(".columns").append(column);
    return { tiles: column.firstChild, count: column.querySelector("small") };
  }

  update({ url, code, qr, address, steers, map }) {
    this.mapUrls = map;
    this.find(".code").textContent = code;
    if (this.qr !== qr) this.find(".qr").innerHTML = this.qr = qr;
    this.find(".address").textContent = address;
    this.find(".hide").hidden = !steers;
    if (url !== this.url) this.follow(url);
  }

  /* Begins to hear the room; returns what ends that. */
  listen() {
    if (this.events?.readyState === EventSource.CLOSED) this.follow(this.url);
    return () => this.events?.close();
  }

  follow(url) {
    this.url = url;
    clearTimeout(this.reopening);
    this.events?.close();
    const events = (this.events = new EventSource(url));
    events.addEventListener("all", ({ data }) => {
      this.begin();
      this.take(JSON.parse(data));
    });
    events.addEventListener("news", ({ data }) => this.take(JSON.parse(data)));
    events.onerror = () => {
      this.losing ??= setTimeout(() => (this.find(".trouble").hidden = false), LOST_AFTER);
      if (events.readyState === EventSource.CLOSED) this.reopening = setTimeout(() => this.follow(url), REOPEN_AFTER);
    };
  }

  begin() {
    this.drawings.clear();
    this.news = null;
    clearTimeout(this.losing);
    this.losing = null;
    this.find(".trouble").hidden = true;
  }

  take(news) {
    for (const one of news.drawings) {
      if (one.hidden) this.drawings.delete(one.number);
      else this.drawings.set(one.number, { ...this.drawings.get(one.number), ...one });
    }
    const isOther = this.news?.round !== news.round;
    this.news = news;
    write(this.find(".task"), WAITING[news.status] || news.sentence);
    for (const way of [".qr", ".address"]) this.find(way).hidden = news.status === "closed";
    this.show(isOther ? [...this.drawings.keys()] : news.drawings.map((one) => one.number));
    this.showFindings(news.findings);
    if (this.shownNumber !== undefined) this.open(this.shownNumber);
  }

  /* Puts drawings of the current task into their columns, and takes those of others away. */
  show(changed) {
    for (const number of this.tiles.keys()) if (!this.isShown(number)) this.drop(number);
    const shown = changed.filter((number) => this.isShown(number));
    this.root.classList.toggle("calm", shown.length > MOST_FALLING);
    for (const number of shown) this.place(this.drawings.get(number));
    this.count();
    this.fit();
  }

  isShown(number) {
    return this.drawings.get(number)?.round === this.news.round;
  }

  drop(number) {
    this.tiles.get(number).remove();
    this.tiles.delete(number);
  }

  /* What the network has not read yet waits above the columns. */
  place(one) {
    let tile = this.tiles.get(one.number);
    if (!tile) {
      tile = pictureOf(one.image);
      tile.className = "tile";
      tile.dataset.number = one.number;
      this.tiles.set(one.number, tile);
    }
    tile.classList.toggle("wrong", one.wrong);
    tile.classList.toggle("fooled", this.news.task.kind === "fool" && one.wrong);
    const place = this.columns[one.reading]?.tiles ?? this.find(".arrivals");
    if (tile.parentElement === place) return;
    place.append(tile);
    if (place.childElementCount > MOST_TILES) this.drop(Number(place.firstChild.dataset.number));
  }

  count() {
    const shown = [...this.drawings.values()].filter((one) => one.round === this.news.round);
    this.map.show(shown);
    this.counts = this.columns.map(() => 0);
    for (const { reading } of shown) if (reading !== null) this.counts[reading] += 1;
    this.columns.forEach(({ count }, digit) => write(count, String(this.counts[digit] || "")));
    const known = shown.filter((one) => one.label !== null && one.reading !== null);
    const right = known.filter((one) => !one.wrong).length;
    const unread = shown.filter((one) => one.reading === null).length;
    const isContest = this.news.task.kind === "fool";
    const parts = [
      this.news.phones === 1 ? "1 phone" : `${this.news.phones} phones`,
      shown.length === 1 ? "1 drawing" : `${shown.length} drawings`,
      unread ? `${unread} to be read` : "",
      known.length && !isContest ? `${right} of ${known.length} read right` : "",
      known.length && isContest ? `${known.length - right} of ${known.length} fool it` : "",
    ];
    write(this.find(".counts"), parts.filter(Boolean).join(" · "));
  }

  /* Full columns are wider, and tiles as large as the fullest one allows. */
  fit() {
    const { clientWidth, clientHeight } = this.find(".columns");
    if (!clientWidth || !this.counts) return;
    const total = this.counts.reduce((sum, count) => sum + count, 0) || 1;
    const weights = this.counts.map((count, digit) => (digit < NO_DIGIT ? 1 : 1.5) + Math.round((WIDENING * count) / total));
    const unit = (clientWidth - COLUMN_GAP * NO_DIGIT) / weights.reduce((sum, weight) => sum + weight, 0);
    const height = clientHeight - this.find("footer").offsetHeight - TILE_GAP;
    let side = LARGEST_TILE;
    const holds = (weight) => {
      const across = Math.floor((unit * weight + TILE_GAP) / (side + TILE_GAP));
      return across * Math.floor((height + TILE_GAP) / (side + TILE_GAP));
    };
    const isTight = () => weights.some((weight, at) => holds(weight) < Math.min(MOST_TILES, this.counts[at]));
    while (side > SMALLEST_TILE && isTight()) side -= 1;
    this.root.style.setProperty("--side", `${side}px`);
    this.find(".columns").style.gridTemplateColumns = weights.map((weight) => `minmax(0, ${weight}fr)`).join(" ");
  }

  showFindings(found) {
    const rows = [];
    if (found?.hardest) {
      const { digit, right, total } = found.hardest;
      rows.push([[], `The hardest digit of the evening: ${digit}. ${right} of ${total} were read right.`]);
    }
    if (found?.divided) {
      const { digit, counts, averages } = found.divided;
      rows.push([averages, `The ${digit} divides the room: ${counts[0]} draw it like this, ${counts[1]} like that.`]);
    }
    const between = found?.nearest && this.drawings.get(found.nearest.number);
    if (between) {
      const { first, second, shares } = found.nearest;
      rows.push([[between.image], `Nearest to two digits: ${first} with ${percent(shares[0])}, ${second} with ${percent(shares[1])}.`]);
    }
    const text = JSON.stringify(rows);
    if (text !== this.foundText) {
      this.foundText = text;
      this.find(".found").replaceChildren(...rows.map(([images, words]) => rowOf(images.map(pictureOf), words)));
    }
    if (found) this.find(".matrix").replaceChildren(matrixOf(found.confusion));
  }

  open(number) {
    const one = this.drawings.get(number);
    if (!one) {
      this.close();
      return;
    }
    this.shownNumber = number;
    paintPicture(this.find(".one canvas"), bytesOf(one.image));
    this.find(".said").textContent = inSentences(one);
    this.find(".one").hidden = false;
  }

  close() {
    this.shownNumber = undefined;
    this.find(".one").hidden = true;
    this.find(".matrix").hidden = true;
    if (this.map.isOpen) this.map.toggle();
  }

  hideShown() {
    this.hide(this.shownNumber);
    this.close();
  }

  press(event) {
    const key = event.key === "Escape" ? "escape" : event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey || event.altKey || !["m", "d", "f", "escape"].includes(key)) return;
    event.stopPropagation();
    this.act(key);
  }

  act(key) {
    if (key === "m") this.find(".matrix").hidden = !this.find(".matrix").hidden;
    else if (key === "d") this.map.toggle(this.mapUrls);
    else if (key === "escape") this.close();
    else if (document.fullscreenElement) document.exitFullscreen();
    else this.root.requestFullscreen?.().then(() => this.root.focus());
  }
}

function inSentences({ label, reading, probabilities, votes }) {
  const lines = [reading === NO_DIGIT ? "The network sees no digit." : `The network reads a ${reading}.`];
  if (probabilities && reading !== NO_DIGIT) lines[0] = `The network reads a ${reading}, ${percent(probabilities[reading])} sure.`;
  if (label !== null && label !== reading) lines.push(label === NO_DIGIT ? "It is no digit." : `It is a ${label}.`);
  const voted = votes.map((count, digit) => [count, digit]).filter(([count]) => count);
  voted.sort(([a], [b]) => b - a);
  if (voted.length) lines.push(`The room: ${voted.map(([count, digit]) => `${count} × ${digit === NO_DIGIT ? "no digit" : digit}`).join(", ")}`);
  return lines.join("\n");
}

function rowOf(pictures, words) {
  const row = document.createElement("div");
  row.append(...pictures, words);
  return row;
}

function pictureOf(base64) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = IMAGE_SIDE;
  paintPicture(canvas, bytesOf(base64));
  return canvas;
}

function matrixOf(rows) {
  const table = document.createElement("table");
  const most = Math.max(1, ...rows.flat());
  const digits = [...rows.keys()];
  const cell = (count, label, reading) =>
    `<td class="${!count ? "" : label === reading ? "right" : "wrong"}" style="--share: ${count / most}">${count || "·"}</td>`;
  table.innerHTML =
    "<caption>What was drawn ↓ and what the network read →</caption>" +
    `<tr><th></th>${digits.map((digit) => `<th>${digit}</th>`).join("")}<th>none</th></tr>` +
    rows.map((row, label) => `<tr><th>${label}</th>${row.map((count, reading) => cell(count, label, reading)).join("")}</tr>`).join("");
  return table;
}
