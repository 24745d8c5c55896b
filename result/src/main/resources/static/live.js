// Keeps the page in step with the server. Every text comes from the page's data- attributes, every
// number is written in the page's language. Only the newest tally is kept: many of them per second
// cost one redraw per frame, and none while the page is hidden.

const SILENCE_MS = 40_000; // the server sends a heartbeat every 15 s: two were missed
const REOPEN_MS = 2_000; // plus as much again at random, so that viewers do not return all at once
const ANNOUNCE_MS = 10_000; // what a screen reader can say without talking over itself
const RELOAD_MS = 5_000; // the same as the page without script

const element = (id) => document.getElementById(id);
const fill = (text, ...values) => text.replace(/\{(\d)\}/g, (_, i) => values[i]);

const language = document.documentElement.lang;
const integer = new Intl.NumberFormat(language);
const percent = new Intl.NumberFormat(language, { style: 'percent' });
const plural = new Intl.PluralRules(language);
const twoDigits = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
const minute = new Intl.DateTimeFormat(language, twoDigits);
const second = new Intl.DateTimeFormat(language, { ...twoDigits, second: '2-digit' });
const time = (format, instant) => format.format(new Date(instant));

const status = element('status');
const list = element('options');
const rows = new Map([...list.children].map((row) => [row.dataset.id, row]));

let source;
let silence;
let reloading = false;
let outage = null; // the last outage event, until a tally ends it
let heardAt = null; // the last moment at which the server vouched for the tally, by this clock
let tally = null; // the newest tally and activity, drawn or not
let activity = null;
let frame = 0;

// The connection

function open() {
  clearTimeout(silence);
  source?.close();
  source = new EventSource('events');
  on('tally', (data) => {
    tally = data;
    outage = null;
  });
  on('activity', (data) => (activity = data));
  on('outage', (data) => (outage = data));
  on('heartbeat', () => {});
  source.onerror = lost;
  listenForSilence();
}

function on(type, receive) {
  source.addEventListener(type, (event) => {
    listenForSilence();
    receive(event.data && JSON.parse(event.data));
    if (!outage) heardAt = Date.now();
    show(outage ? 'outage' : 'live');
    frame ||= requestAnimationFrame(draw);
  });
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
  const text = state === 'outage' ? outageText() : status.dataset[state];
  if (status.textContent === text) return;
  const before = status.dataset.state;
  status.dataset.state = state;
  status.textContent = text;
  if (before !== 'snapshot') announceSoon();
}

function outageText() {
  const since = time(minute, outage.since);
  if (!outage.asOf) return fill(status.dataset.outageEmpty, since);
  return fill(status.dataset.outage, time(second, outage.asOf), since);
}

// The figures

function draw() {
  frame = 0;
  if (tally) drawTally();
  if (activity) drawActivity();
  drawAsOf();
}

function drawTally() {
  if (anotherPoll()) return;
  const changed = element('total').textContent !== integer.format(tally.total);
  for (const option of tally.options) {
    const row = rows.get(option.id);
    write(row.querySelector('.percent'), percent.format(option.percent / 100));
    write(row.querySelector('.count'), integer.format(option.votes));
    write(row.querySelector('.unit'), unit(option.votes));
    row.querySelector('.fill').setAttribute('width', `${option.percent}%`);
  }
  write(element('total'), integer.format(tally.total));
  write(element('total-unit'), unit(tally.total));
  if (changed) announceSoon();
}

function drawActivity() {
  const chart = element('chart');
  const counts = activity.votesPerMinute;
  const peak = Math.max(...counts);
  [...chart.children].forEach((bar, i) => {
    const height = peak ? (counts[i] / peak) * 60 : 0;
    bar.setAttribute('y', 60 - height);
    bar.setAttribute('height', height);
  });
  const texts = [integer.format(peak), integer.format(counts.at(-1))];
  chart.setAttribute('aria-label', fill(chart.dataset.label, ...texts));
  write(element('peak'), fill(element('peak').dataset.text, ...texts));
}

// Not the tally's own time: an old tally is up to date as long as nobody votes.
function drawAsOf() {
  const asOf = outage ? outage.asOf : heardAt;
  if (asOf) write(element('as-of'), fill(element('as-of').dataset.text, time(second, asOf)));
}

function anotherPoll() {
  const same =
    tally.question === element('question').textContent &&
    tally.options.length === rows.size &&
    tally.options.every((option) => rows.has(option.id));
  if (!same && !reloading) {
    reloading = true;
    setTimeout(() => location.reload(), RELOAD_MS);
  }
  return !same;
}

function unit(votes) {
  return list.dataset[plural.select(votes)] ?? list.dataset.other;
}

function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

// What a screen reader hears

let announcement = 0;
let announcedAt = -ANNOUNCE_MS;

function announceSoon() {
  announcement ||= setTimeout(announce, announcedAt + ANNOUNCE_MS - performance.now());
}

function announce() {
  announcement = 0;
  announcedAt = performance.now();
  const live = status.dataset.state === 'live' && tally;
  write(element('announcer'), live ? summary() : status.textContent);
}

function summary() {
  const shares = tally.options.map((option) =>
    fill(list.dataset.summary, option.label, percent.format(option.percent / 100)));
  return [...shares, `${integer.format(tally.total)} ${unit(tally.total)}`].join(', ');
}

// On stage

const fullScreen = element('full-screen');
if (fullScreen && document.fullscreenEnabled) {
  fullScreen.hidden = false;
  fullScreen.addEventListener('click', () => document.documentElement.requestFullscreen());
}

// When the poll closes, and while its last ballots are counted, the page tells it by being loaded again.

const LONGEST_TIMER_MS = 2 ** 31 - 1;
const reloadAfter = Number(document.body.dataset.reloadAfter) + REOPEN_MS * Math.random();
if (reloadAfter <= LONGEST_TIMER_MS) setTimeout(() => location.reload(), reloadAfter); // not for NaN either

open();
