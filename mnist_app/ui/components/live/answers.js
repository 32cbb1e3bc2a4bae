/* Paints what a network says into the answer that the server wrote, in the same words, which come from
   there: WORDS, SURE and SHOWN_FROM of ui/markup/predictions.py. */

/* Paints into each answer on the page that is this network's; `image` is what it saw. */
function paintAnswers(key, { probabilities, rejectBelow }, image) {
  const said = inWords(probabilities, rejectBelow);
  document.querySelectorAll(`[data-answer][data-live="${key}"]`).forEach((answer) => {
    answer.dataset.source = "live";
    answer.dataset.digit = said.digit;
    // The digit that is read aloud changes once a stroke, with the server's answer.
    const digit = answer.querySelector(".lab-live");
    write(digit, said.digit || "–");
    digit.classList.toggle("lab-nothing", said.digit === "");
    const words = answer.querySelector(".lab-words");
    if (words) paintWords(words, said);
    paintBars(answer.querySelectorAll(".lab-chart > div"), probabilities, said.first);
    const picture = answer.querySelector("img, canvas");
    if (picture) paintPicture(picture, image);
  });
}

/* What stays as it is costs the browser nothing: most of an answer does, from one to the next. */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function paintWords(words, { headline, sentence }) {
  if (words.textContent === headline + sentence) return;
  const strong = document.createElement("strong");
  strong.textContent = headline;
  words.replaceChildren(strong, sentence);
}

function paintBars(rows, probabilities, first) {
  rows.forEach((row, at) => {
    const share = probabilities[at].toFixed(3);
    if (row.style.getPropertyValue("--share") !== share) row.style.setProperty("--share", share);
    row.classList.toggle("first", at === first);
    write(row.querySelector("span"), probabilities[at] < SHOWN_FROM ? "" : percent(probabilities[at]));
  });
}

function inWords(probabilities, rejectBelow) {
  const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  const [first, second] = order;
  const [sure, other] = [probabilities[first], probabilities[second]];
  const isDigit = sure + other >= rejectBelow;
  const kind = !isDigit ? "nothing" : sure < SURE ? "unsure" : other < SHOWN_FROM ? "alone" : "sure";
  const said = { first, second, sure: percent(sure), other: percent(other) };
  const [headline, sentence] = WORDS[kind].map((text) => text.replace(/{(\w+)}/g, (_, name) => said[name]));
  return { digit: isDigit ? String(first) : "", first, headline, sentence };
}

/* In the place of the server's picture a canvas: a picture would be packed and unpacked again. */
function paintPicture(picture, image) {
  let canvas = picture;
  if (picture.matches("img")) {
    canvas = document.createElement("canvas");
    canvas.width = canvas.height = IMAGE_SIDE;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", picture.alt);
    picture.replaceWith(canvas);
  }
  const pixels = new ImageData(IMAGE_SIDE, IMAGE_SIDE);
  const words = new Uint32Array(pixels.data.buffer);
  for (let at = 0; at < words.length; at++) words[at] = 0xff000000 | (0x010101 * image[at]);
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}
