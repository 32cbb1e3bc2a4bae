/* Where everything stands on the picture, in the canvas's own pixels. */

const LEAST_TILE = 5;
const MARGIN = 12;
const HEADING = 22;

/* Returns a column a stage: {left, top, width, height, tile, across, shown}. `shown` are the maps that
   there is room for, in order; `across` of them stand side by side, in cells of a tile's side. */
function columnsOf(stages, width, height, ratio) {
  const margin = MARGIN * ratio;
  const room = height - 2 * margin - HEADING * ratio;
  const ink = Math.min(room, 0.17 * width);
  const digits = Math.min(0.16 * width, 96 * ratio);
  const middle = stages.length - 2;
  const between = width - 2 * margin - ink - digits;
  const most = middle ? Math.min(0.62 * between / middle, 0.55 * room) : 0;
  const gap = (between - middle * most) / (middle + 1);
  return stages.map((stage, at) => {
    if (at === 0) return box(margin, margin + (room - ink) / 2, ink, ink, { tile: ink, across: 1, shown: [0] });
    if (at === middle + 1) {
      const row = room / stage.maps;
      return box(width - margin - digits, margin, digits, room, { tile: row, across: 1, shown: numbers(stage.maps) });
    }
    const left = margin + ink + gap + (at - 1) * (most + gap);
    if (stage.rows > 1 && stage.columns === 1) {
      const tile = most / stage.maps;
      const shown = numbers(stage.maps);
      return box(left, margin + (room - ink) / 2, most, ink, { tile, high: ink, across: stage.maps, shown });
    }
    return tiles(stage, left, margin, most, room, LEAST_TILE * ratio);
  });
}

function box(left, top, width, height, more) {
  return { left, top, width, height, high: more.tile, ...more };
}

/* The largest tiles of which all have room, at least so large: else some are left out. */
function tiles({ maps }, left, top, width, height, least) {
  let [tile, across] = [0, 1];
  for (let tried = 1; tried <= maps; tried++) {
    const side = Math.min(width / tried, height / Math.ceil(maps / tried));
    if (side > tile) [tile, across] = [side, tried];
  }
  let count = maps;
  if (tile < least) {
    [tile, across] = [least, Math.max(1, Math.floor(width / least))];
    count = Math.min(maps, across * Math.floor(height / least));
  }
  tile = Math.floor(tile);
  const own = [across * tile, Math.ceil(count / across) * tile];
  const place = [left + (width - own[0]) / 2, top + (height - own[1]) / 2].map(Math.round);
  return box(...place, ...own, { tile, across, shown: numbers(count) });
}

function numbers(count) {
  return Array.from({ length: count }, (_, number) => number);
}

/* The tile of a map: its corner and its size; null where it is not shown. */
function tileOf(column, map) {
  const at = column.shown.length > map && column.shown[map] === map ? map : column.shown.indexOf(map);
  if (at < 0) return null;
  const [x, y] = [at % column.across, Math.floor(at / column.across)];
  return { x: column.left + x * column.tile, y: column.top + y * column.high, width: column.tile, height: column.high };
}

/* The map under a point; null where there is none. */
function mapUnder(column, x, y) {
  // A digit's bar, right of it, belongs to its tile.
  const across = Math.min(column.across - 1, Math.floor((x - column.left) / column.tile));
  const down = Math.floor((y - column.top) / column.high);
  const isInside = x >= column.left && x < column.left + column.width && y >= column.top && y < column.top + column.height;
  const at = down * column.across + across;
  return isInside && at < column.shown.length ? column.shown[at] : null;
}

/* Of a stage with more maps than there is room for, those whose values are farthest from zero. */
function mostActive({ maps }, values, count) {
  const sizes = new Float64Array(maps);
  for (let at = 0; at < values.length; at++) sizes[at % maps] += Math.abs(values[at]);
  return numbers(maps).sort((a, b) => sizes[b] - sizes[a]).slice(0, count).sort((a, b) => a - b);
}
