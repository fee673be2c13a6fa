// The drawing surface: bpmn-js with what an office needs beside it, and nothing that writes into a file by itself.

import Modeler from 'bpmn-js/lib/Modeler';
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import search from 'bpmn-js/lib/features/search';
import camunda from 'camunda-bpmn-moddle/resources/camunda.json';
import minimap from 'diagram-js-minimap';
import simulation from 'bpmn-js-token-simulation';
import watching from 'bpmn-js-token-simulation/lib/viewer';

import { clipboardModule } from './clipboard.js';
import { padsModule } from './pads.js';
import { togetherModule } from './slots.js';
import { translateModule } from './translate.js';

const PALETTE = 104; // pixels of its width

/** A modeler in `container`. Keys work while the drawing has the focus; the wheel scrolls the page, with Ctrl it zooms. */
export function modelerIn(container) {
  return new Modeler({
    container,
    zoomScroll: { enabled: false },
    moddleExtensions: { camunda },
    additionalModules: [translateModule, clipboardModule, padsModule, togetherModule, minimap, simulation],
  });
}

/** The same for whoever may only look. */
export function viewerIn(container) {
  return new NavigatedViewer({ container, zoomScroll: { enabled: false }, moddleExtensions: { camunda }, additionalModules: [translateModule, search, minimap, watching] });
}

/** The part of the drawing that a reader looks at, in pixels of the screen, is moved so that `element` stands in its middle. */
export function centre(modeler, element) {
  const canvas = modeler.get('canvas');
  const root = canvas.findRoot(element);
  if (root && root !== canvas.getRootElement()) canvas.setRootElement(root);
  const { outer, scale } = canvas.viewbox();
  const legible = Math.max(scale, 0.7);
  const box = element.waypoints ? middleOf(element.waypoints) : element;
  if (box.x === undefined) return; // the process itself has no place
  const [width, height] = [outer.width / legible, outer.height / legible];
  canvas.viewbox({ x: box.x + (box.width ?? 0) / 2 - width / 2, y: box.y + (box.height ?? 0) / 2 - height / 2, width, height });
}

function middleOf(waypoints) {
  const at = waypoints[Math.floor((waypoints.length - 1) / 2)];
  const next = waypoints[Math.floor((waypoints.length - 1) / 2) + 1];
  return { x: (at.x + next.x) / 2, y: (at.y + next.y) / 2 };
}

/** All of it, with air around it, never larger than drawn; where that would be too small to read, its beginning. */
export function fit(modeler, legible = 0) {
  const canvas = modeler.get('canvas');
  canvas.resized();
  const { inner, outer } = canvas.viewbox();
  if (!inner.width || !outer.width) return;
  const margin = 32;
  const palette = canvas.getContainer().querySelector('.djs-palette') ? PALETTE : 0; // it lies over the drawing
  const room = outer.width - palette;
  const whole = Math.min(1, room / (inner.width + 2 * margin), outer.height / (inner.height + 2 * margin));
  const scale = Math.max(whole, legible);
  const begin = (from, size, shown) => (size + 2 * margin <= shown ? from - (shown - size) / 2 : from - margin);
  canvas.viewbox({
    x: begin(inner.x, inner.width, room / scale) - palette / scale,
    y: begin(inner.y, inner.height, outer.height / scale),
    width: outer.width / scale,
    height: outer.height / scale,
  });
}
