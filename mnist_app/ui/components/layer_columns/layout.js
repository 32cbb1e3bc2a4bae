/* Where the tiles of all columns lie: as large as fit beside each other and below each other. */

const TILE_GAP = 2; // CSS pixels between tiles
const COLUMN_GAP = 12;
const NARROWEST = 76; // with less room the columns are scrolled
const HEADING = 118; // what a heading takes, which reaches into the gap

/* Returns {across, width, height, room} for each column: how many tiles stand side by side, and how
   large one is. Where a column is too low for its share of the width, others get what is left. */
function layOut(columns, width, height) {
  const count = columns.length;
  const share = Math.max(NARROWEST, (width - (count - 1) * COLUMN_GAP) / count);
  const least = Math.min(share, HEADING);
  const first = columns.map((column) => fitted(column, share, height));
  const spare = first.reduce((sum, { used }) => sum + share - Math.max(used, least), 0);
  const wide = first.filter(({ used }) => used > share - 1).length;
  return columns.map((column, at) => {
    const room = first[at].used > share - 1 ? share + spare / wide : Math.max(first[at].used, least);
    return { ...fitted(column, room, height), room };
  });
}

/* The largest tiles that fit into a place; a single map fills it, whatever its shape. */
function fitted({ count, rows, columns }, width, height) {
  if (count === 1 && rows !== columns) return { across: 1, width, height, used: width };
  let best = { side: 0 };
  for (let across = 1; across <= count; across++) {
    const down = Math.ceil(count / across);
    const side = Math.min((width - (across - 1) * TILE_GAP) / across, (height - (down - 1) * TILE_GAP) / down);
    if (side > best.side) best = { across, side };
  }
  const side = Math.max(1, Math.floor(best.side * devicePixelRatio) / devicePixelRatio);
  return { across: best.across, width: side, height: side, used: best.across * (side + TILE_GAP) - TILE_GAP };
}

/* The number of the tile at a place of its column, in CSS pixels; null where there is none. The gap
   belongs to the tile before it. */
function tileUnder({ count, across, width, height }, x, y) {
  const [column, row] = [Math.floor(x / (width + TILE_GAP)), Math.floor(y / (height + TILE_GAP))];
  const tile = row * across + column;
  return row >= 0 && column >= 0 && column < across && tile < count ? tile : null;
}

/* The tile that an arrow key leads to, {column, tile}: within a column, or to the one beside it at
   about the same height. The columns are {count, across}; an edge is the end. */
function steppedTo(columns, { column, tile }, key) {
  const { across, count } = columns[column];
  const place = tile % across;
  if (key === "ArrowUp") return { column, tile: tile >= across ? tile - across : tile };
  if (key === "ArrowDown") return { column, tile: tile + across < count ? tile + across : tile };
  if (key === "ArrowLeft" && place > 0) return { column, tile: tile - 1 };
  if (key === "ArrowRight" && place < across - 1 && tile + 1 < count) return { column, tile: tile + 1 };
  const beside = column + (key === "ArrowLeft" ? -1 : 1);
  if (!columns[beside]) return { column, tile };
  const other = columns[beside];
  const [rows, otherRows] = [columns[column], other].map((one) => Math.ceil(one.count / one.across));
  const row = Math.min(otherRows - 1, Math.floor(((Math.floor(tile / across) + 0.5) / rows) * otherRows));
  const first = row * other.across;
  return { column: beside, tile: Math.min(other.count - 1, key === "ArrowLeft" ? first + other.across - 1 : first) };
}
