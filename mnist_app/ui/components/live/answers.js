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
    digit.textContent = said.digit || "–";
    digit.classList.toggle("lab-nothing", said.digit === "");
    answer.querySelector(".lab-words")?.replaceChildren(strong(said.headline), said.sentence);
    paintBars(answer.querySelectorAll(".lab-chart > div"), probabilities, said.first);
    const picture = answer.querySelector("img");
    if (picture) picture.src = asPicture(image);
  });
}

function paintBars(rows, probabilities, first) {
  rows.forEach((row, at) => {
    row.style.setProperty("--share", probabilities[at].toFixed(3));
    row.classList.toggle("first", at === first);
    row.querySelector("span").textContent = probabilities[at] < SHOWN_FROM ? "" : percent(probabilities[at]);
  });
}

function strong(text) {
  const element = document.createElement("strong");
  element.textContent = text;
  return element;
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

function asPicture(image) {
  asPicture.canvas ??= document.createElement("canvas");
  const canvas = asPicture.canvas;
  canvas.width = canvas.height = IMAGE_SIDE;
  const pixels = new ImageData(IMAGE_SIDE, IMAGE_SIDE);
  image.forEach((value, at) => pixels.data.set([value, value, value, 255], 4 * at));
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas.toDataURL();
}
