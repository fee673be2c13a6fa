// What the interchange check runs in a browser: the editor's own drawing and reading, and a comparison of what was meant before and after.

import camunda from 'camunda-bpmn-moddle/resources/camunda.json';
import { BpmnModdle } from 'bpmn-moddle';
import { diff } from 'bpmn-js-differ';

import { DiagramFile } from '../../web/assets/studio/diagram/file.js';
import { modelerIn } from '../../web/assets/studio/diagram/modeler.js';

/** Opens `text`; answers what can be said of it in numbers, and what was lost, found or changed when it was written anew. */
window.check = async (text) => {
  const modeler = modelerIn(document.querySelector('#canvas'));
  const file = new DiagramFile(modeler);
  await file.show(text);
  if (file.broken) return { opened: false, why: file.broken.message };
  const same = (await file.read()) === text;
  file.clean = {}; // as if it were edited
  const written = await file.read();
  const shapes = modeler.get('elementRegistry').getAll().length;
  modeler.destroy();
  const before = file.arranged ? null : count(text);
  return {
    opened: true, same, shapes, arranged: file.arranged, foreign: file.foreign, warnings: file.warnings.map((one) => one.message),
    drawn: before === null || (before === count(written) && planes(written) >= planes(text)), // what is folded up gets a plane of its own
    differences: await differences(text, written),
    lost: missing(inventory(text), inventory(written)),
    added: missing(inventory(written), inventory(text)).filter((one) => !file.arranged || !/^(BPMN|Bounds|waypoint)/.test(one)),
    again: written,
  };
};

function count(text) {
  return (text.match(/<([\w-]+:)?(BPMNShape|BPMNEdge)[\s>/]/g) ?? []).length;
}

function planes(text) {
  return (text.match(/<([\w-]+:)?BPMNPlane[\s>/]/g) ?? []).length;
}

/** What bpmn-js-differ sees. */
async function differences(before, after) {
  // The standard's default, and the cross that bpmn-js shows in a gateway of which nothing is said.
  const plain = (text) => text.replaceAll(' textFormat="text/plain"', '').replaceAll(/ isMarkerVisible="(true|false)"/g, '');
  const read = async (text) => (await new BpmnModdle({ camunda }).fromXML(plain(text))).rootElement;
  const found = diff(await read(before), await read(after));
  const told = ([, { attrs }]) => !attrs || Object.keys(attrs).some((name) => name !== 'lanes'); // which lanes a step is in is said by the lanes
  return ['_added', '_removed', '_changed', '_layoutChanged'].flatMap((kind) => Object.entries(found[kind]).filter(told).map(([id, { attrs }]) => `${kind.slice(1)} ${id} ${Object.keys(attrs ?? {}).join(' ')}`.trim()));
}

// Written at the standard's default, or as many decimals as somebody liked: the same.
const DEFAULTS = { isExecutable: 'false', isClosed: 'false', isHorizontal: 'true', isExpanded: 'true', isCollection: 'false', isSequential: 'false', isInterrupting: 'true', cancelActivity: 'true',
  triggeredByEvent: 'false', isForCompensation: 'false', startQuantity: '1', completionQuantity: '1', gatewayDirection: 'Unspecified', instantiate: 'false', implementation: '##unspecified', eventGatewayType: 'Exclusive', associationDirection: 'None',
  parallelMultiple: 'false', processType: 'None', isUnlimited: 'true', textFormat: 'text/plain', behavior: 'All', ordering: 'Parallel', cancelRemainingInstances: 'true', testBefore: 'false', waitForCompletion: 'true',
  expressionLanguage: 'http://www.w3.org/1999/XPath', typeLanguage: 'http://www.w3.org/2001/XMLSchema' };

/** Every element of the file with its attributes and text, wherever it stands and whatever prefix it bears. */
function inventory(text) {
  const found = new Map();
  for (const node of new DOMParser().parseFromString(text, 'application/xml').getElementsByTagName('*')) {
    const attributes = [...node.attributes]
      .filter(({ name, localName, value, namespaceURI }) => !name.startsWith('xmlns') && localName !== 'isMarkerVisible' && !(DEFAULTS[localName] === value) && !/schemaLocation$/.test(name) && !(namespaceURI?.includes('XMLSchema-instance')))
      .map(({ localName, value }) => `${localName}=${/^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value.replace(/^[\w-]+:(?=[\w.-]+$)/, '').trim()}`);
    const own = [...node.childNodes].filter((one) => one.nodeType === Node.TEXT_NODE || one.nodeType === Node.CDATA_SECTION_NODE).map((one) => one.data.trim()).join('').replace(/^[\w-]+:(?=[\w.-]+$)/, '');
    const words = `${node.localName} ${attributes.sort().join(' ')} ${own}`.trim();
    found.set(words, (found.get(words) ?? 0) + 1);
  }
  return found;
}

function missing(wanted, there) {
  return [...wanted].filter(([words, times]) => (there.get(words) ?? 0) < times).map(([words]) => words.slice(0, 160));
}
