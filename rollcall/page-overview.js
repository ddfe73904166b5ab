/* The page below its dialogs: counts, what needs somebody, the schools with their tiles, what is sought; and what changes
 * in them. */
import { $, button, collator, count, el, say, tag, word } from './page-words.js';
import { ask, sentenceOf, summary } from './page-server.js';
import { causeOf, keyOf, learn, need, sign, standingText, stateOf, tile } from './page-tiles.js';
import { hostHasNews } from './page-host.js';
import { arm, disarm } from './page-dialogs.js';

const ORDER = ['failed', 'installing', 'installed', 'finishing', 'armed', 'unheard', 'arrived'];
const BAR = ['arrived', 'finishing', 'installed', 'installing', 'armed', 'unheard', 'failed'];
const SHOWN_AT_FIRST = 6, OPEN_UP_TO = 60, MOST_FOUND = 600;

const schools = new Map();              /* id → what is shown of a school */
const attention = new Map(), found = new Map();         /* key → { host, element } */
const chosen = { standing: '', q: '' };
let allShown = false;                   /* whether every one that needs somebody is listed */

function stackInto(bar, by, total) {
        bar.textContent = '';
        for (const s of BAR)
                if (by[s] > 0) {
                        const part = el('i', { class: 's-' + s });
                        part.style.flex = by[s] + ' 0 0';
                        bar.append(part);
                }
        bar.setAttribute('aria-label', total ? BAR.filter(s => by[s]).map(s => standingText(s) + ' ' + by[s]).join(', ') : '');
}

/* --- what needs somebody --- */

const worse = (a, b) => (b.host.standing === 'failed') - (a.host.standing === 'failed') || b.host.since - a.host.since;

function showAttention() {
        const list = [...attention.values()].sort(worse), most = allShown ? list.length : SHOWN_AT_FIRST;
        const focused = document.activeElement && document.activeElement.closest ? document.activeElement.closest('.need') : null;
        $('attention').hidden = !list.length || Boolean(chosen.standing || chosen.q);
        $('attention-count').textContent = count(Math.max(list.length, summary.by_standing.failed + summary.overdue));
        $('attention-list').replaceChildren(...list.slice(0, most).map(entry => (entry.element = need(entry.host))));
        $('attention-more').hidden = list.length <= SHOWN_AT_FIRST;
        $('attention-more').textContent = allShown ? word('fewer') : word('more', list.length - SHOWN_AT_FIRST);
        $('attention-more').setAttribute('aria-expanded', String(allShown));
        if (focused && attention.has(focused.dataset.key) && attention.get(focused.dataset.key).element.isConnected)
                attention.get(focused.dataset.key).element.querySelector('a').focus();
}
$('attention-more').addEventListener('click', () => { allShown = !allShown; showAttention(); });

/* --- schools --- */

function makeSchool(id) {
        const s = { id, row: null, open: false, tiles: new Map(), order: 0 };
        s.name = el('span', { class: 'name' });
        s.code = el('span', { class: 'id' });
        s.bar = el('span', { class: 'stack', role: 'img' });
        s.figure = el('span', { class: 'figure' });
        s.marks = el('span', { class: 'marks' });
        s.inside = el('div', { class: 'inside', id: 'school-' + schools.size, hidden: true });
        s.head = el('button', { type: 'button', class: 'head', 'aria-expanded': 'false', 'aria-controls': s.inside.id },
                el('span', { class: 'arrow', 'aria-hidden': 'true' }, '›'), el('span', null, s.name, s.code), s.bar, s.marks, s.figure);
        s.head.addEventListener('click', () => fold(s, !s.open));
        s.element = el('li', { class: 'school folded', 'data-school': id }, el('h3', null, s.head), s.inside);
        schools.set(id, s);
        return s;
}
function mark(state, n) {
        return n > 0 ? el('span', { class: 'badge s-' + state }, sign(state), el('span', null, n + ' ' + standingText(state))) : '';
}
function fillSchool(s) {
        const by = s.row.by_standing;
        s.name.textContent = s.row.name || s.id;
        s.code.textContent = s.row.name && s.row.name !== s.id ? s.id : '';
        s.figure.textContent = word('arrived-of', by.arrived, s.row.hosts);
        stackInto(s.bar, by, s.row.hosts);
        s.marks.replaceChildren(...[mark('failed', by.failed), mark('overdue', s.row.overdue)].filter(Boolean));
        s.order = by.failed ? 0 : s.row.overdue ? 1 : by.arrived < s.row.hosts ? 2 : 3;
}
async function fold(s, open) {
        s.open = open;
        s.head.setAttribute('aria-expanded', String(open));
        s.element.classList.toggle('folded', !open);
        s.inside.hidden = !open;
        if (open)
                await fetchInside(s);
}
async function fetchInside(s) {
        if (!s.tiles.size)
                s.inside.replaceChildren(el('p', { class: 'nothing' }, word('loading')));
        try {
                const reply = await ask('api/hosts?limit=5000&school=' + encodeURIComponent(s.id));
                learn(reply.hosts);
                showInside(s, reply.hosts);
        } catch (e) {
                s.inside.replaceChildren(el('p', { class: 'error', role: 'alert' }, sentenceOf(e)));
        }
}
function actions(what, title) {
        if (!summary.may_arm)
                return null;
        return el('span', { class: 'actions' },
                button(word('arm'), { class: 'tiny', 'aria-label': word('arm-named', title) }, () => arm(what, title)),
                button(word('disarm'), { class: 'tiny', 'aria-label': word('disarm-named', title) }, () => disarm(what, title)));
}
const RANK = { failed: 0, overdue: 1 };
const byState = (a, b) => (RANK[stateOf(a)] === undefined ? 2 : RANK[stateOf(a)]) - (RANK[stateOf(b)] === undefined ? 2 : RANK[stateOf(b)]) ||
        collator.compare(a.host, b.host);
function showInside(s, rows) {
        const pools = new Map(), title = s.row.name || s.id;
        const focused = document.activeElement && s.inside.contains(document.activeElement) ? document.activeElement.closest('.tile') : null;
        for (const h of rows)
                pools.set(h.pool, (pools.get(h.pool) || []).concat([h]));
        s.tiles.clear();
        s.inside.replaceChildren(
                ...(summary.may_arm && pools.size > 1 ? [el('div', { class: 'pool-head' }, el('h4', null, word('whole-school')), actions({ school: s.id }, title))] : []),
                ...[...pools].sort((a, b) => collator.compare(a[0], b[0])).map(([id, hosts]) => {
                        const name = hosts[0].pool_name || id || word('no-pool');
                        return el('section', { class: 'pool', 'aria-label': name },
                                el('div', { class: 'pool-head' }, el('h4', null, name),
                                        el('span', { class: 'count' }, word('arrived-of', hosts.filter(h => h.standing === 'arrived').length, hosts.length)),
                                        id ? actions({ school: s.id, pool: id }, title + ' · ' + name) : null),
                                el('ul', { class: 'tiles', role: 'list' }, ...hosts.sort(byState).map(h => {
                                        const element = tile(h, false);
                                        s.tiles.set(keyOf(h), { host: h, element });
                                        return element;
                                })));
                }));
        if (focused && s.tiles.has(focused.dataset.key))
                s.tiles.get(focused.dataset.key).element.querySelector('a').focus();
}
function showSchools() {
        const list = $('schools-list'), rows = summary.schools, first = !schools.size;
        const ids = new Set(rows.map(r => r.school));
        for (const s of [...schools.values()])
                if (!ids.has(s.id)) {
                        s.element.remove();
                        schools.delete(s.id);
                }
        for (const row of rows) {
                const s = schools.get(row.school) || makeSchool(row.school);
                const changed = JSON.stringify(s.row) !== JSON.stringify(row) || s.tag !== tag;
                s.row = row;
                s.tag = tag;
                if (changed)
                        fillSchool(s);
        }
        $('schools-count').textContent = count(rows.length);
        $('schools-none').hidden = rows.length > 0;
        list.hidden = !rows.length;
        /* Under somebody's hands nothing moves. */
        if (first || !(list.contains(document.activeElement) || list.matches(':hover')))
                place(list, [...schools.values()].sort((a, b) => a.order - b.order || collator.compare(a.row.name || a.id, b.row.name || b.id)));
        else
                for (const s of schools.values())
                        if (!s.element.isConnected)
                                list.append(s.element);
        if (first && summary.hosts <= OPEN_UP_TO)
                for (const s of schools.values())
                        fold(s, true);
}
function place(list, sorted) {
        let at = list.firstChild;
        for (const s of sorted)
                if (s.element === at)
                        at = at.nextSibling;
                else
                        list.insertBefore(s.element, at);
}

/* --- overview, filter, search --- */

function showOverview() {
        const by = summary.by_standing;
        $('title').textContent = summary.district || word('title');
        document.title = (by.failed ? '(' + by.failed + ') ' : '') + word('title') + (summary.district ? ' · ' + summary.district : '');
        $('sum-arrived').textContent = count(by.arrived) + ' / ' + count(summary.hosts);
        $('sum-text').textContent = word('have-arrived');
        stackInto($('sum-bar'), by, summary.hosts);
        $('zone').textContent = summary.timezone || Intl.DateTimeFormat().resolvedOptions().timeZone;
        const counts = Object.assign({ all: summary.hosts, overdue: summary.overdue }, by);
        for (const state of ['all', 'failed', 'overdue'].concat(ORDER.slice(1))) {
                let b = $('filter-' + state);
                if (!b) {
                        b = el('button', { type: 'button', id: 'filter-' + state, class: 's-' + state }, sign(state), el('span'), el('b'));
                        b.addEventListener('click', () => filter(state));
                        $('filters').append(b);
                }
                b.children[1].textContent = state === 'all' ? word('all') : standingText(state);
                b.children[2].textContent = count(counts[state]);
                b.classList.toggle('none', !counts[state]);
                b.setAttribute('aria-pressed', String(chosen.standing === (state === 'all' ? '' : state)));
        }
}
function filter(state) {
        chosen.standing = state === 'all' || state === chosen.standing ? '' : state;
        showOverview();
        find();
}
const patient = (ms, action) => {
        let timer = 0;
        return () => { clearTimeout(timer); timer = setTimeout(action, ms); };
};
const findSoon = patient(250, () => find()), findAgain = patient(900, () => { if (chosen.standing || chosen.q) find(true); });
$('search').addEventListener('input', () => { chosen.q = $('search').value.trim(); findSoon(); });
$('search-form').addEventListener('submit', e => { e.preventDefault(); find(); });

async function find(again) {
        const looking = Boolean(chosen.standing || chosen.q), mine = (find.turn = (find.turn || 0) + 1);
        $('found').hidden = !looking;
        $('schools').hidden = looking;
        if (!looking) {
                found.clear();
                return showAttention();
        }
        $('attention').hidden = true;
        try {
                const reply = await ask('api/hosts?limit=' + MOST_FOUND + '&standing=' + chosen.standing + '&q=' + encodeURIComponent(chosen.q));
                if (mine !== find.turn)
                        return;
                learn(reply.hosts);
                const focused = again && document.activeElement ? document.activeElement.closest('.tile') : null;
                found.clear();
                for (const h of reply.hosts)
                        found.set(keyOf(h), { host: h, element: tile(h, true) });
                $('found-list').replaceChildren(...[...found.values()].map(entry => entry.element));
                $('found-count').textContent = reply.more ? word('first-of-many', MOST_FOUND) : reply.hosts.length;
                $('found-none').hidden = reply.hosts.length > 0;
                if (focused && found.has(focused.dataset.key))
                        found.get(focused.dataset.key).element.querySelector('a').focus();
        } catch (e) {
                say(sentenceOf(e));
        }
}

/* --- loaded as a whole --- */

export function showSummary() {
        learn(summary.attention);
        attention.clear();
        for (const h of summary.attention)
                attention.set(keyOf(h), { host: h, element: null });
        showOverview();
        showAttention();
        showSchools();
}
/* The tiles, of which the summary says nothing. */
export function fetchTiles() {
        for (const s of schools.values())
                if (s.open)
                        fetchInside(s);
        if (chosen.standing || chosen.q)
                find(true);
}

/* --- what has changed --- */

/* The new element in the old one's place, with the keyboard's focus when that was inside. */
function put(map, h, make, fresh) {
        const entry = map.get(keyOf(h)), element = make(h);
        if (!entry)
                return false;
        const focused = entry.element.contains(document.activeElement);
        entry.element.replaceWith(element);
        map.set(keyOf(h), { host: h, element });
        if (fresh)
                element.classList.add('fresh');
        if (focused)
                element.querySelector('a').focus();
        return true;
}

function recount(before, h) {
        const s = schools.get(h.school);
        if (!before || !s || before.standing === h.standing)
                return;
        for (const by of [s.row.by_standing, summary.by_standing]) {
                by[before.standing]--;
                by[h.standing]++;
        }
        fillSchool(s);
}
function takeHost(h) {
        const s = schools.get(h.school), key = keyOf(h);
        const entry = (s && s.tiles.get(key)) || attention.get(key) || found.get(key), before = entry ? entry.host : null;
        if (before && before.change > h.change)
                return;
        recount(before, h);
        if (s && s.open && !put(s.tiles, h, x => tile(x, false), true))
                fetchInside(s);
        put(found, h, x => tile(x, true), true);
        const pressing = h.standing === 'failed' || h.overdue, known = attention.get(key);
        if (pressing) {
                if (h.standing === 'failed' && !(known && known.host.standing === 'failed'))
                        $('spoken').textContent = word('has-failed', h.host, h.school_name || h.school, causeOf(h));
                attention.set(key, { host: h, element: null });
        } else
                attention.delete(key);
        hostHasNews(h);
}
export function takeNews(rows) {
        rows.forEach(takeHost);
        showAttention();
        showOverview();
        findAgain();
}
