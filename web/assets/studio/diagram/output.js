// The drawing as a picture: a file, or a sheet of A3 on its side.

import { say } from '../../words.js';

const SHARP = 2; // pixels of a PNG for each of the drawing
const LARGEST = 12000; // pixels of a PNG's side, as much as browsers draw

export async function saveSvg(modeler, name) {
  keep(new Blob([await svgOf(modeler)], { type: 'image/svg+xml' }), `${name}.svg`);
}

export async function savePng(modeler, name) {
  const picture = await pictureOf(modeler);
  const sharp = Math.min(SHARP, LARGEST / picture.naturalWidth, LARGEST / picture.naturalHeight);
  const sheet = document.createElement('canvas');
  sheet.width = Math.ceil(picture.naturalWidth * sharp);
  sheet.height = Math.ceil(picture.naturalHeight * sharp);
  const pen = sheet.getContext('2d');
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, sheet.width, sheet.height);
  pen.drawImage(picture, 0, 0, sheet.width, sheet.height);
  const bytes = await new Promise((done) => { sheet.toBlob(done, 'image/png'); });
  if (!bytes) throw new Error('the browser made no picture');
  keep(bytes, `${name}.png`);
}

/** Opens the browser's printing with one sheet: the drawing as large as it fits, above it what it is. diagram.css sets the paper. */
export async function print(modeler, title, note) {
  const picture = await pictureOf(modeler);
  picture.alt = title;
  const sheet = document.createElement('div');
  sheet.className = 'zp-print-sheet';
  const head = document.createElement('p');
  const name = document.createElement('strong');
  name.textContent = title;
  head.append(name, ` ${note}`);
  sheet.append(head, picture);
  document.body.append(sheet);
  document.body.classList.add('zp-printing');
  addEventListener('afterprint', () => {
    sheet.remove();
    document.body.classList.remove('zp-printing');
  }, { once: true });
  window.print();
}

/** What stands beside the name on paper. */
export function printedAt() {
  return say('打印于 {time}', { time: new Date().toLocaleString(document.documentElement.lang, { dateStyle: 'medium', timeStyle: 'short' }) });
}

async function svgOf(modeler) {
  return (await modeler.saveSVG()).svg;
}

async function pictureOf(modeler) {
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(await svgOf(modeler))}`;
  await picture.decode();
  return picture;
}

function keep(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
