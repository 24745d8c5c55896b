// Keeps the picture in step with the server. Texts come from the page's data- attributes.

const SILENCE_MS = 40_000; // the server sends a heartbeat every 15 s: two were missed
const REOPEN_MS = 2_000; // plus as much again at random, so that viewers do not return all at once

const element = (id) => document.getElementById(id);
const fill = (text, value) => text.replace('{0}', () => value);

const integer = new Intl.NumberFormat(document.documentElement.lang);
const status = element('status');
const message = element('message');
const stages = element('pipeline');
const texts = stages.dataset;

let source;
let silence;

function open() {
  clearTimeout(silence);
  source?.close();
  source = new EventSource('events?pipeline');
  source.addEventListener('pipeline', (event) => {
    show('live');
    draw(JSON.parse(event.data));
    listenForSilence();
  });
  source.addEventListener('heartbeat', listenForSilence);
  source.onerror = lost;
  listenForSilence();
}

function listenForSilence() {
  clearTimeout(silence);
  silence = setTimeout(() => {
    show('reconnecting');
    open();
  }, SILENCE_MS);
}

function lost() {
  show('reconnecting');
  if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
  clearTimeout(silence);
  silence = setTimeout(open, REOPEN_MS * (1 + Math.random()));
}

function show(state) {
  status.dataset.state = state;
  write(status, status.dataset[state]);
}

function draw(pipeline) {
  const { state, workers, waiting, oldestAgeMillis, countedToday, acceptedToday, votes, viewers } = pipeline;
  const inAll = waiting?.reduce((sum, each) => sum + each, 0);
  stages.dataset.state = state;
  write(message, message.dataset[state]);
  write(element('accepted'), accepted(acceptedToday, countedToday));
  write(element('waiting'), number(inAll));
  write(element('oldest'), oldest(waiting, oldestAgeMillis));
  write(element('workers'), number(workers));
  write(element('counted'), number(countedToday));
  write(element('votes'), fill(element('votes').dataset.text, votes === null ? '–' : number(votes)));
  write(element('viewers'), number(viewers));
}

function accepted(accepted, counted) {
  if (counted === null || accepted !== null) return number(accepted);
  return fill(texts.atLeast, number(counted));
}

function oldest(waiting, ageMillis) {
  if (!waiting) return texts.hidden;
  return ageMillis === null ? texts.none : fill(texts.oldest, integer.format(Math.floor(ageMillis / 1000)));
}

function number(value) {
  return value === null || value === undefined ? texts.unknown : integer.format(value);
}

function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

open();
