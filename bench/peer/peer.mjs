// node peer.mjs FOLDER-OF-DIAGRAMS FOLDER-TO-SAVE-IN ROUNDS: prints one JSON object of p50 milliseconds.
// Each completion: read the saved state, recover, resume, signal one waiting task, get the state, write it, fsync, rename.

import { EventEmitter } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { Engine } from 'bpmn-engine';

const [diagrams, folder, roundsText] = process.argv.slice(2);
const rounds = Number(roundsText);
const LOOP_ROUNDS = 200;

// The few FEEL expressions of the diagrams, as functions: cheaper than any interpreter of it.
const FEEL = {
  '=points >= 20': (v) => v.points >= 20,
  '=papers > 90': (v) => v.papers > 90,
  '=votes_for >= quorum_of_case': (v) => v.votes_for >= v.quorum_of_case,
  '=votes_for > 0': (v) => v.votes_for > 0,
  '=outcome = "passed"': (v) => v.outcome === 'passed',
  '=finished = true': (v) => v.finished === true,
  '=papers * 10 + years': (v) => v.papers * 10 + v.years,
  '="Q-" + unit_code + "-" + string(points)': (v) => `Q-${v.unit_code}-${v.points}`,
  '=count(ballots[item = "yes"])': (v) => v.ballots,
  '=count(ballots)': (v) => v.ballots,
  '=points * 2': (v) => v.points * 2,
  '=number_of_case + string(votes_for)': (v) => v.number_of_case + v.votes_for,
  '=outcome': (v) => v.outcome,
  '=votes_for': (v) => v.votes_for,
};

function value(expression, variables) {
  const known = FEEL[expression.trim()];
  return known ? known(variables) : JSON.parse(expression.trim().slice(1));
}

const expressions = {
  resolveExpression(text, scope) {
    if (typeof text !== 'string') return text;
    if (text === '${environment.variables.members}') return scope.environment.variables.members;
    return text.startsWith('=') ? value(text, scope.environment.variables) : text;
  },
};

class Scripts {
  register() {}
  getScript(_language, activity) {
    const { script, conditionExpression, resultVariable } = activity.behaviour;
    const text = script ?? conditionExpression.body;
    return {
      execute(scope, next) {
        const found = value(text, scope.environment.variables);
        if (resultVariable) scope.environment.variables[resultVariable] = found;
        next(null, found);
      },
    };
  }
}

// The diagram as this engine understands it: no extensions and lanes, 25 as the number of votes, and for the inclusive pair,
// which it does not bring together again, a parallel one (in the cases of the bench all three of its flows are taken anyway).
function source(name) {
  return fs
    .readFileSync(path.join(diagrams, name), 'utf8')
    .replace(/<(bpmn:)?extensionElements>[\s\S]*?<\/(bpmn:)?extensionElements>/g, '')
    .replace(/<bpmn:laneSet[\s\S]*?<\/bpmn:laneSet>/g, '')
    .replace(/<bpmn:multiInstanceLoopCharacteristics isSequential="false"[^>]*\/>/g,
      '<bpmn:multiInstanceLoopCharacteristics isSequential="false"><bpmn:loopCardinality>25</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>')
    .replace(/inclusiveGateway/g, 'parallelGateway')
    .replace(/ default="from_tell_to_tell_unit"/, '')
    .replace(/(sourceRef="tell" [^>]*)>\s*<bpmn:conditionExpression>.*?<\/bpmn:conditionExpression>/g, '$1>')
    .replace(/<(bpmn:)?conditionExpression>/g, '<$1conditionExpression xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="$1tFormalExpression">');
}

const moddleOptions = {
  camunda: {
    name: 'Camunda', uri: 'http://camunda.org/schema/1.0/bpmn', prefix: 'camunda', xml: { tagAlias: 'lowerCase' }, types: [
      { name: 'Script', extends: ['bpmn:ScriptTask'], properties: [{ name: 'resultVariable', isAttr: true, type: 'String' }] },
      { name: 'Assigned', extends: ['bpmn:UserTask'], properties: [{ name: 'assignee', isAttr: true, type: 'String' }] },
    ],
  },
};

const CASE = {
  applicant: 'bench', unit_code: 'u01', target_title: '副研究馆员', papers: 3, years: 5, ballots: 25,
  remarks: '材料齐全，按通知要求办理。'.repeat(3), members: Array.from({ length: 25 }, (_, n) => `m${n}`),
};

function save(state, file) {
  const text = JSON.stringify(state);
  const handle = fs.openSync(`${file}.new`, 'w');
  fs.writeSync(handle, text);
  fs.fsyncSync(handle);
  fs.closeSync(handle);
  fs.renameSync(`${file}.new`, file);
  const parent = fs.openSync(path.dirname(file), 'r');
  fs.fsyncSync(parent);
  fs.closeSync(parent);
  return Buffer.byteLength(text);
}

function listener() {
  const heard = new EventEmitter();
  heard.waiting = [];
  heard.on('activity.wait', (api) => heard.waiting.push(api));
  return heard;
}

async function begin(name, xml, file) {
  const heard = listener();
  const engine = new Engine({ name, source: xml, expressions, scripts: new Scripts(), moddleOptions, variables: { ...CASE } });
  await engine.execute({ listener: heard });
  await engine.stop();
  save(await engine.getState(), file);
}

// Answers the bytes of the state it saved.
async function step(file, brought) {
  const heard = listener();
  const state = JSON.parse(fs.readFileSync(file, 'utf8'));
  const engine = new Engine({ expressions, scripts: new Scripts(), moddleOptions }).recover(state);
  let ended = false;
  engine.once('end', () => { ended = true; });
  const execution = await engine.resume({ listener: heard });
  const [waiting] = heard.waiting;
  if (!waiting) throw new Error(`${file}: nothing waits`);
  Object.assign(execution.environment.variables, brought);
  waiting.signal(brought);
  if (!ended) await engine.stop();
  return save(await engine.getState(), file);
}

const times = { completion: [], start: [], votes: [], loop: [] };
async function timed(kind, work) {
  const began = performance.now();
  const result = await work();
  times[kind].push(performance.now() - began);
  return result;
}

function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

async function cases(kind, name, steps, brought, startKind) {
  const xml = source(name);
  const file = path.join(folder, `${kind}.json`);
  let bytes = 0;
  while (times[kind].length < rounds) {
    if (startKind) await timed(startKind, () => begin(kind, xml, file));
    else await begin(kind, xml, file);
    for (let done = 0; done < steps; done += 1) bytes = await timed(kind, () => step(file, brought));
  }
  return bytes;
}

const bytes = await cases('completion', 'office_mix.bpmn', 3, { opinion: '同意', score: 85 }, 'start');
await cases('votes', 'votes.bpmn', 31, { ballot: 'yes' });
const file = path.join(folder, 'loop.json');
await begin('loop', source('one_task.bpmn'), file);
for (let round = 0; round < LOOP_ROUNDS; round += 1) await timed('loop', () => step(file, { finished: false }));

console.log(JSON.stringify({
  completion: median(times.completion), start: median(times.start), votes: median(times.votes), bytes,
  loop_first: median(times.loop.slice(0, 50)), loop_last: median(times.loop.slice(-50)), loop_rounds: LOOP_ROUNDS,
}));
