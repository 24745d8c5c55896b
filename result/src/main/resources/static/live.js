// Keeps the page in step with the server. Every text comes from the page's data- attributes, every
// number is written in the page's language. Only the newest tally is kept: many of them per second
// cost one redraw per frame, and none while the page is hidden.

const SILENCE_MS = 40_000; // the server sends a heartbeat every 15 s: two were missed
const REOPEN_MS = 2_000; // plus as much again at random, so that viewers do not return all at once
const ANNOUNCE_MS = 10_000; // what a screen reader can say without talking over itself
const REFRESH_MS = 3_000; // plus as much again at random, as above
const PATIENCE_MS = 10_000; // for a page that is on its way
const LONGEST_TIMER_MS = 2 ** 31 - 1;

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

let source;
let silence;
let vouched = false; // whether a tally has come on this connection: a server may be alive and have read nothing
let outage = null; // the last outage event, until a tally ends it
let heardAt = element('as-of').firstElementChild?.dateTime; // when the tally was last vouched for
let tally = null; // the newest tally and activity, drawn or not
let activity = null;
let frame = 0;

// The connection

function open() {
  clearTimeout(silence);
  source?.close();
  source = new EventSource('events');
  source.onopen = () => (vouched = false); // also when the browser has connected again by itself
  on('tally', (data) => {
    tally = data;
    outage = null;
    vouched = true;
  });
  on('activity', (data) => (activity = data));
  on('outage', (data) => {
    outage = data;
    heardAt = data.asOf ?? heardAt;
  });
  on('heartbeat', () => {});
  source.onerror = lost;
  listenForSilence();
}

function on(type, receive) {
  source.addEventListener(type, (event) => {
    listenForSilence();
    receive(event.data && JSON.parse(event.data));
    if (outage) {
      show('outage');
    } else if (vouched) {
      heardAt = Date.now();
      show('live');
    }
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
  if (!heardAt) return fill(status.dataset.outageEmpty, since);
  return fill(status.dataset.outage, time(second, heardAt), since);
}

// The figures

function draw() {
  frame = 0;
  if (tally) drawTally();
  if (activity) drawActivity();
  drawAsOf();
}

function drawTally() {
  if (isAnotherPoll()) return;
  const changed = tally.options.map((option, i) => {
    const row = element('options').children[i];
    write(row.querySelector('.percent'), percent.format(option.percent / 100));
    write(row.querySelector('.unit'), unit(option.votes));
    row.querySelector('.fill').setAttribute('width', `${option.percent}%`);
    return write(row.querySelector('.count'), integer.format(option.votes));
  });
  changed.push(write(element('total'), integer.format(tally.total)));
  write(element('total-unit'), unit(tally.total));
  if (changed.includes(true)) announceSoon();
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
  if (heardAt) write(element('as-of'), fill(element('as-of').dataset.text, time(second, heardAt)));
}

function unit(votes) {
  const { dataset } = element('options');
  return dataset[plural.select(votes)] ?? dataset.other;
}

function write(target, text) {
  if (target.textContent === text) return false;
  target.textContent = text;
  return true;
}

// The words of another poll, and what is said about the end of this one, come with the page. It is asked for again and
// its parts are taken over, rather than loaded: full screen stays, and so does all when there is no answer.

let refreshTimer;
let refreshIsDue = false; // because of another poll
let news = ''; // what a screen reader has to be told of it

function isAnotherPoll() {
  const isAnother = tally.poll !== element('options').dataset.poll;
  if (isAnother && !refreshIsDue) {
    refreshIsDue = true;
    refreshAfter(REFRESH_MS);
  }
  return isAnother;
}

function refreshAfter(delay) {
  clearTimeout(refreshTimer);
  refreshTimer = setTimeout(refresh, Math.min(delay + REFRESH_MS * Math.random(), LONGEST_TIMER_MS));
}

async function refresh() {
  try {
    const answer = await fetch('', { signal: AbortSignal.timeout(PATIENCE_MS) });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const parts = ['heading', 'options'].map((id) => page.getElementById(id));
    if (parts.includes(null)) throw new Error('an error page, or none of ours');
    takeOver(page.title, parts);
  } catch {
    refreshAfter(REFRESH_MS);
  }
}

function takeOver(title, parts) {
  const before = element('heading').textContent;
  document.title = title;
  for (const part of parts) element(part.id).replaceWith(part);
  if (element('heading').textContent !== before) {
    news = element('heading').textContent;
    announceSoon();
  }
  refreshIsDue = false;
  awaitTheEnd();
  if (tally) drawTally();
}

// When the poll closes, and while its last ballots are counted.
function awaitTheEnd() {
  const { refreshAfter: delay } = element('heading').dataset;
  if (delay) refreshAfter(Number(delay));
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
  write(element('announcer'), `${news} ${live ? summary() : status.textContent}`.trim());
  news = '';
}

function summary() {
  const shares = tally.options.map((option) =>
    fill(element('options').dataset.summary, option.label, percent.format(option.percent / 100)));
  return [...shares, `${integer.format(tally.total)} ${unit(tally.total)}`].join(', ');
}

// On stage

const fullScreen = element('full-screen');
if (fullScreen && document.fullscreenEnabled) {
  fullScreen.hidden = false;
  fullScreen.addEventListener('click', () => document.documentElement.requestFullscreen());
}

awaitTheEnd();
open();
