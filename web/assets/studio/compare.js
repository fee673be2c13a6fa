// Island "compare": two states of a diagram beside one another, what differs coloured on both, and the list in words that leads there.
//
//   data-left, data-right   addresses of the two texts
//   data-state              {differences: [{element, sort: "added"|"removed"|"changed"|"moved", sign, words}]}, worked out by the server:
//                           one list for the words and for the colours
//
// It holds two .zp-diagram with data-side; [data-element] anywhere on the page become buttons that show the element on both sides.

import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';

import { controls, fetched, frameFor, show } from '../viewer.js';
import { say } from '../words.js';
import './compare.css';
import './words-compare.js';

const SHOWN = { left: ['removed', 'changed', 'moved'], right: ['added', 'changed', 'moved'] };
const NEAR = 0.9; // the scale at which an element is shown

export default async function compare(element) {
  const { differences = [] } = JSON.parse(element.dataset.state || '{}');
  try {
    const sides = {};
    for (const side of ['left', 'right']) sides[side] = await draw(element, side, differences);
    follow(sides);
    pick(sides);
    element.dataset.ready = 'true';
  } catch (error) {
    const sorry = document.createElement('p');
    sorry.className = 'zp-hint';
    sorry.textContent = say('流程图没有读出来。请看下面的文字版。');
    element.replaceChildren(sorry);
    throw error;
  }
}

async function draw(element, side, differences) {
  const place = element.querySelector(`[data-side="${side}"]`);
  const frame = document.createElement('div');
  frame.className = 'zp-diagram-canvas';
  const diagram = new NavigatedViewer({ container: frame, zoomScroll: { enabled: false }, keyboard: { bind: false } });
  place.replaceChildren(frame);
  await show(diagram, await fetched(element.dataset[side]));
  place.setAttribute('role', 'group');
  colour(diagram, differences.filter((one) => SHOWN[side].includes(one.sort)));
  const first = differences.map((one) => one.element).find((id) => diagram.get('elementRegistry').get(id));
  frameFor(place, diagram, first);
  controls(place, frame, diagram, null);
  return diagram;
}

function colour(diagram, differences) {
  const canvas = diagram.get('canvas');
  const registry = diagram.get('elementRegistry');
  for (const { element: id, sort, sign, words } of differences) {
    const shape = registry.get(id);
    if (!shape || shape === canvas.getRootElement()) continue;
    canvas.addMarker(id, `zp-diff-${sort}`);
    if (shape.waypoints) continue; // a sign on every line would hide the lines
    const html = document.createElement('div');
    html.className = `zp-flag zp-diff zp-diff-${sort}`;
    html.textContent = sign;
    html.title = words;
    diagram.get('overlays').add(id, { position: { top: -10, left: -6 }, html, scale: { min: 0.9, max: 1.2 } });
  }
}

/** Moving or zooming one side moves the other. */
function follow({ left, right }) {
  let moving = false;
  const tie = (from, to) => {
    from.get('eventBus').on('canvas.viewbox.changed', ({ viewbox }) => {
      if (moving) return;
      moving = true;
      const { outer } = to.get('canvas').viewbox();
      to.get('canvas').viewbox({ x: viewbox.x, y: viewbox.y, width: outer.width / viewbox.scale, height: outer.height / viewbox.scale });
      moving = false;
    });
  };
  tie(left, right);
  tie(right, left);
}

/** The names in the list become buttons. */
function pick(sides) {
  for (const named of document.querySelectorAll('[data-element]')) {
    const id = named.dataset.element;
    if (!Object.values(sides).some((diagram) => diagram.get('elementRegistry').get(id))) continue;
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'zp-problem-pick';
    button.textContent = named.textContent;
    button.title = say('在图上看');
    button.addEventListener('click', () => reach(sides, id));
    named.replaceChildren(button);
  }
}

/** Both sides centred on the element, each by its own drawing; the side that has it not goes along. */
function reach(sides, id) {
  const own = Object.values(sides).filter((diagram) => diagram.get('elementRegistry').get(id));
  for (const diagram of [...own].reverse()) centre(diagram, id);
  own[0].get('canvas').getContainer().closest('.zp-diagram').scrollIntoView({ block: 'center' });
}

function centre(diagram, id) {
  const canvas = diagram.get('canvas');
  const shape = diagram.get('elementRegistry').get(id);
  const { outer } = canvas.viewbox();
  const [width, height] = [outer.width / NEAR, outer.height / NEAR];
  const middle = shape.waypoints ? shape.waypoints[Math.floor(shape.waypoints.length / 2)] : { x: shape.x + Math.min(shape.width, width) / 2, y: shape.y + Math.min(shape.height, height) / 2 };
  canvas.viewbox({ x: middle.x - width / 2, y: middle.y - height / 2, width, height });
  for (const marked of diagram.get('elementRegistry').filter((one) => canvas.hasMarker(one.id, 'zp-diff-picked'))) canvas.removeMarker(marked.id, 'zp-diff-picked');
  canvas.addMarker(id, 'zp-diff-picked');
}
