/* The page of the roll call. What comes from hosts is foreign text: it becomes text nodes and attributes, never markup. */
(() => {
        'use strict';

        const $ = id => document.getElementById(id);
        const ORDER = ['failed', 'installing', 'installed', 'finishing', 'armed', 'unheard', 'arrived'];
        const BAR = ['arrived', 'finishing', 'installed', 'installing', 'armed', 'unheard', 'failed'];
        const SIGNS = { arrived: '✓', failed: '✕', overdue: '!', installing: '↓', installed: '●', finishing: '…', armed: '▸', unheard: '–', all: '∑' };
        const SHOWN_AT_FIRST = 6, OPEN_UP_TO = 60, MOST_FOUND = 600;

        let words = {}, tag = 'en', summary = null, ahead = 0, change = 0, stream = null, lostSince = 0, ended = false;
        let formats = {}, collator = new Intl.Collator('en', { numeric: true });
        const rules = new Map();                /* code → what it means, in the language of the page and as hosts say it */
        const schools = new Map();              /* id → what is shown of a school */
        const attention = new Map(), found = new Map();         /* key → { host, element } */
        const chosen = { standing: '', q: '' };
        let shown = null, allShown = false;     /* the host in the dialog; whether every one that needs somebody is listed */

        /* --- text --- */

        function word(key, ...args) {
                const text = Object.prototype.hasOwnProperty.call(words, key) ? words[key] : key;
                return text.replace(/\{([1-9])\}/g, (all, n) => args[n - 1] === undefined ? '' : String(args[n - 1]));
        }
        const has = key => Object.prototype.hasOwnProperty.call(words, key);

        function el(name, attributes, ...children) {
                const e = document.createElement(name);
                for (const key of Object.keys(attributes || {}))
                        if (attributes[key] !== undefined && attributes[key] !== null && attributes[key] !== false)
                                e.setAttribute(key, attributes[key] === true ? '' : attributes[key]);
                e.append(...children.filter(c => c !== null && c !== undefined && c !== ''));
                return e;
        }
        const button = (text, attributes, action) => {
                const b = el('button', Object.assign({ type: 'button' }, attributes), text);
                b.addEventListener('click', action);
                return b;
        };
        const keyOf = h => h.school + '/' + h.host;
        const addressOf = h => '#' + encodeURIComponent(h.school) + '/' + encodeURIComponent(h.host);
        const count = n => n.toLocaleString(tag);
        const now = () => Date.now() + ahead;

        function when(ms, style) {
                if (!formats[style]) {
                        const parts = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
                        if (style === 'exact')
                                parts.second = '2-digit';
                        try {
                                formats[style] = new Intl.DateTimeFormat(tag, Object.assign({ timeZone: summary.timezone || undefined }, parts));
                        } catch (e) {
                                formats[style] = new Intl.DateTimeFormat(tag, parts);
                        }
                }
                return formats[style].format(new Date(ms));
        }

        function ageText(ms) {
                const s = Math.max(0, (now() - ms) / 1000);
                if (s < 60)
                        return word('age-now');
                if (s < 3600)
                        return word('age-minutes', Math.floor(s / 60));
                return s < 48 * 3600 ? word('age-hours', Math.floor(s / 3600)) : word('age-days', Math.floor(s / 86400));
        }
        function age(ms) {
                return ms > 0 ? el('time', { class: 'age', datetime: new Date(ms).toISOString(), title: when(ms, 'exact'), 'data-age': ms }, ageText(ms)) : null;
        }
        setInterval(() => {
                for (const t of document.querySelectorAll('time[data-age]'))
                        t.textContent = ageText(Number(t.dataset.age));
        }, 15000);

        /* Above dialogs too, where the browser can. */
        function say(text) {
                const said = $('said'), above = typeof said.showPopover === 'function';
                said.textContent = text;
                if (above) {
                        said.setAttribute('popover', 'manual');
                        said.hidePopover();
                        said.showPopover();
                }
                clearTimeout(say.timer);
                say.timer = setTimeout(() => {
                        said.textContent = '';
                        if (above)
                                said.hidePopover();
                }, 7000);
        }

        /* --- asking the server --- */

        async function ask(path, body) {
                const options = { credentials: 'same-origin', cache: 'no-store', headers: {} };
                if (body) {
                        options.method = 'POST';
                        options.body = JSON.stringify(body);
                        options.headers['Content-Type'] = 'application/json';
                        if (summary && summary.csrf)
                                options.headers['X-CSRF-Token'] = summary.csrf;
                }
                const reply = await fetch(path, options);
                const json = reply.status === 204 ? {} : await reply.json().catch(() => ({}));
                if (reply.ok)
                        return json;
                const e = new Error(json.error ? json.error + (json.next ? ' ' + json.next : '') : word('trouble', reply.status));
                e.status = reply.status;
                e.json = json;
                throw e;
        }
        const sentenceOf = e => e.status ? e.message : word('unreachable');

        /* --- standing --- */

        const stateOf = h => h.standing !== 'failed' && h.overdue ? 'overdue' : h.standing;
        const sign = state => el('i', { class: 'sign', 'aria-hidden': 'true' }, SIGNS[state] || '?');
        const standingText = state => has('standing.' + state) ? word('standing.' + state) : state;

        function badge(h) {
                const state = stateOf(h);
                const text = state === 'overdue' ? standingText(h.standing) + ' · ' + standingText('overdue') : standingText(state);
                return el('span', { class: 'badge s-' + state }, sign(state), el('span', null, text));
        }

        /* "join: waiting", and what it said. */
        function lastOf(h) {
                const parts = [];
                if (h.standing === 'arrived')
                        return '';
                if (h.step)
                        parts.push((has('step.' + h.step) ? word('step.' + h.step) : h.step) +
                                (h.outcome && has('outcome.' + h.outcome) ? word('colon') + word('outcome.' + h.outcome) : ''));
                if (h.detail && h.standing !== 'failed')
                        parts.push(h.detail);
                return parts.join(' · ');
        }
        const sentence = text => text.charAt(0).toUpperCase() + text.slice(1);
        const HOLE = /\{([1-9])\}/, A_SENTENCE = 400;
        const fill = (template, values) => template.replace(/\{([1-9])\}/g, (all, n) => values[n - 1] === undefined ? '…' : values[n - 1]);
        /* What stands in the text where the template has {1} …; null when it is another text. */
        function valuesIn(template, text) {
                const parts = template.split(HOLE), values = [], last = parts.length - 1;
                let at = parts[0].length;
                if (!text.startsWith(parts[0]) || (!last && text !== template))
                        return null;
                for (let i = 1; i < last; i += 2) {
                        const to = i + 1 === last ? text.length - parts[last].length : text.indexOf(parts[i + 1], at);
                        if (to < at || !text.startsWith(parts[i + 1], to))
                                return null;
                        values[parts[i] - 1] = text.slice(at, to);
                        at = to + parts[i + 1].length;
                }
                return values;
        }
        /* Hosts say in English what their code means, with the values, and most of them what to do; whoever looks reads it in his language. */
        function meaning(h) {
                const detail = (h.detail || '').trim();
                if (!(h.code > 0) || !h.cause)
                        return { cause: '', next: '', detail };
                const values = valuesIn(h.told + '. ' + h.told_next, detail) || valuesIn(h.told, detail);
                if (values)
                        return { cause: fill(h.cause, values), next: fill(h.next, values), detail: '' };
                const next = detail && HOLE.test(h.next) ? '' : fill(h.next, []);
                if (detail && HOLE.test(h.cause) && detail.length < A_SENTENCE && !detail.includes('\n'))
                        return { cause: detail, next, detail: '' };
                return { cause: fill(h.cause, []), next, detail };
        }
        function causeOf(h) {
                const cause = meaning(h).cause, number = 'XR-' + String(h.code).padStart(3, '0');
                if (h.code > 0)
                        return cause ? sentence(cause) + ' (' + number + ')' : number;
                if (h.standing === 'failed')
                        return h.detail || word('no-cause');
                return word('silent', h.heard > 0 ? ageText(h.heard) : '');
        }
        const detailOf = h => (h.standing === 'failed' && !(h.code > 0) ? '' : meaning(h).detail);
        const nextOf = h => meaning(h).next || (stateOf(h) === 'overdue' ? word('silent-next') : h.standing === 'failed' ? word('no-cause-next') : '');

        /* Of the stream's rows the sentences may be in another language; codes and standings say the same in all. */
        const ruleOf = ({ cause, next, told, told_next }) => ({ cause, next, told, told_next });
        function learn(rows) {
                for (const h of rows)
                        if (h.code > 0)
                                rules.set(h.code, ruleOf(h));
        }
        async function translate(rows) {
                for (const h of rows)
                        if (h.code > 0 && !rules.has(h.code))
                                await ask('api/rule?code=' + h.code).then(r => rules.set(h.code, ruleOf(r))).catch(() => null);
                for (const h of rows)
                        Object.assign(h, h.code > 0 && rules.get(h.code));
        }

        /* --- tiles --- */

        function progress(h) {
                if (h.standing !== 'installing' || h.percent < 0)
                        return null;
                return el('span', { class: 'progress' },
                        el('progress', { max: 100, value: h.percent, 'aria-label': word('progress', h.host) }), el('span', null, h.percent + ' %'));
        }
        function link(h) {
                return el('a', { class: 'link', href: addressOf(h) }, h.host);
        }
        function tile(h, where) {
                const state = stateOf(h), last = state === 'failed' || state === 'overdue' ? causeOf(h) : lastOf(h);
                return el('li', { class: 'tile s-' + state, 'data-key': keyOf(h), 'data-standing': h.standing },
                        el('span', { class: 'row' }, link(h), age(h.since || h.heard)),
                        where ? el('span', { class: 'where' }, (h.school_name || h.school) + (h.pool ? ' · ' + (h.pool_name || h.pool) : '')) : null,
                        el('span', null, badge(h)), progress(h),
                        last ? el('span', { class: 'last' }, last) : null,
                        h.expected ? null : el('span', { class: 'last' }, word('not-expected')));
        }
        function need(h) {
                const state = stateOf(h);
                return el('li', { class: 'need s-' + state, 'data-key': keyOf(h) },
                        el('span', { class: 'row' }, link(h), badge(h), age(h.since || h.heard)),
                        el('span', { class: 'where' }, (h.school_name || h.school) + (h.pool ? ' · ' + (h.pool_name || h.pool) : '')),
                        el('span', { class: 'cause' }, causeOf(h)),
                        detailOf(h) ? el('span', { class: 'detail' }, detailOf(h)) : null,
                        nextOf(h) ? el('span', { class: 'next' }, nextOf(h)) : null);
        }

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

        /* --- what has changed --- */

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
                if (shown && shown.school === h.school && shown.host === h.host)
                        fetchHost();
        }
        async function take(news) {
                if (news.change > change)
                        change = news.change;
                if (news.many || !summary || !summary.may_read)
                        return load();
                const rows = news.hosts || [];
                if (rows.some(h => h.code > 0 && !rules.has(h.code)) || rows.length)
                        await translate(rows);
                rows.forEach(takeHost);
                showAttention();
                showOverview();
                findAgain();
                refreshSoon();
        }
        /* Counts of schools that are not open come with the summary: soon, but not with every change, and not all pages at once. */
        let refreshing = 0;
        function refreshSoon() {
                if (!refreshing)
                        refreshing = setTimeout(() => { refreshing = 0; if (!document.hidden) loadSummary().catch(() => null); }, 1500 + Math.random() * 1500);
        }
        document.addEventListener('visibilitychange', () => { if (!document.hidden && summary) refreshSoon(); });

        /* --- the stream --- */

        function lamp(state) {
                $('live').className = 'live ' + state;
                $('live-text').textContent = state === 'on' ? word('live') : state === 'off' ? word('not-live') : word('connecting');
        }
        function lose() {
                lamp('off');
                lostSince = lostSince || Date.now();
                $('lost').hidden = false;
                $('lost').textContent = word('lost', when(lostSince + ahead, 'exact'));
        }
        function listen() {
                if (stream)
                        stream.close();
                stream = new EventSource('api/stream?since=' + change);
                const mine = stream;
                stream.onopen = () => {
                        lamp('on');
                        lostSince = 0;
                        $('lost').hidden = true;
                };
                stream.onerror = () => {
                        if (ended || mine !== stream)
                                return;
                        lose();
                        if (mine.readyState === EventSource.CLOSED)
                                setTimeout(() => { if (mine === stream) load(); }, 2000 + Math.random() * 2000);
                };
                stream.addEventListener('change', e => {
                        let news = null;
                        try {
                                news = JSON.parse(e.data);
                        } catch (error) {
                                return load();
                        }
                        return take(news);
                });
                stream.addEventListener('reload', () => load());
        }
        addEventListener('pagehide', () => { ended = true; if (stream) stream.close(); });
        addEventListener('pageshow', e => { if (e.persisted) { ended = false; load(); } });

        /* --- loading --- */

        async function loadSummary() {
                summary = await ask('api/summary');
                ahead = summary.now - Date.now();
                $('closed').hidden = summary.may_read;
                $('open').hidden = !summary.may_read;
                $('login-open').hidden = summary.logged_in;
                $('logout').hidden = !summary.logged_in;
                $('machines-open').hidden = !summary.may_read;
                $('closed-hindrance').textContent = summary.hindrance ? summary.hindrance + ' · ' + summary.hindrance_next : '';
                $('closed-login').disabled = !summary.may_login;
                $('live').hidden = $('foot').hidden = !summary.may_read;
                if (!summary.may_read) {
                        $('title').textContent = document.title = word('title');
                        return false;
                }
                learn(summary.attention);
                attention.clear();
                for (const h of summary.attention)
                        attention.set(keyOf(h), { host: h, element: null });
                showOverview();
                showAttention();
                showSchools();
                /* It may be a second old. */
                if (summary.change < change)
                        refreshSoon();
                return true;
        }
        async function load() {
                if (load.running)
                        return;
                load.running = true;
                try {
                        lamp('');
                        const reads = await loadSummary();
                        if (reads) {
                                change = summary.change;
                                listen();
                                for (const s of schools.values())
                                        if (s.open)
                                                fetchInside(s);
                                if (chosen.standing || chosen.q)
                                        find(true);
                                openHash();
                        } else if (stream) {
                                stream.close();
                                stream = null;
                        }
                        $('lost').hidden = true;
                        lostSince = 0;
                } catch (e) {
                        lose();
                        setTimeout(load, 3000 + Math.random() * 2000);
                }
                load.running = false;
        }
        function loadWords() {
                return ask('words.json').then(reply => {
                        words = reply.words;
                        tag = reply.language === 'zh_CN' ? 'zh-CN' : 'en';
                        formats = {};
                        collator = new Intl.Collator(tag, { numeric: true });
                        document.documentElement.lang = tag;
                        for (const e of document.querySelectorAll('[data-word]'))
                                e.textContent = word(e.dataset.word);
                        for (const e of document.querySelectorAll('[data-label]'))
                                e.setAttribute('aria-label', word(e.dataset.label));
                        for (const e of document.querySelectorAll('[data-placeholder]'))
                                e.setAttribute('placeholder', word(e.dataset.placeholder));
                        for (const b of document.querySelectorAll('[data-language]'))
                                b.setAttribute('aria-pressed', String(b.dataset.language === reply.language));
                });
        }
        for (const b of document.querySelectorAll('[data-language]'))
                b.addEventListener('click', async () => {
                        try {
                                await ask('api/language', { language: b.dataset.language });
                                rules.clear();
                                await loadWords();
                                await load();
                        } catch (e) {
                                say(sentenceOf(e));
                        }
                });

        /* --- dialogs --- */

        for (const b of document.querySelectorAll('[data-close]'))
                b.addEventListener('click', () => b.closest('dialog').close());
        for (const d of document.querySelectorAll('dialog'))
                d.addEventListener('click', e => { if (e.target === d && !d.querySelector('form')) d.close(); });

        function fact(name, value, mono) {
                return value || value === 0 ? [el('dt', null, word(name)), el('dd', { class: mono ? 'mono' : null }, value)] : [];
        }
        function showHost(h) {
                const state = stateOf(h), pressing = state === 'failed' || state === 'overdue';
                $('host-title').textContent = h.host;
                $('host-body').replaceChildren(...[
                        el('p', { class: 'row' }, badge(h), age(h.since || h.heard)), progress(h),
                        pressing ? el('div', { class: 'trouble s-' + state }, el('strong', null, causeOf(h)), nextOf(h) ? el('span', { class: 'next' }, nextOf(h)) : null) : null,
                        detailOf(h) ? el('p', { class: 'words' }, detailOf(h)) : null,
                        el('dl', { class: 'facts' }, ...fact('school', (h.school_name || h.school) + (h.school_name && h.school_name !== h.school ? ' (' + h.school + ')' : '')),
                                ...fact('pool', h.pool_name || h.pool), ...fact('address', h.address, true), ...fact('mac', h.mac, true), ...fact('serial', h.serial, true),
                                ...(h.attempt > 0 ? fact('attempt', h.attempt) : []), ...fact('heard', h.heard > 0 ? when(h.heard, 'exact') : word('never')),
                                ...(h.expected ? [] : fact('note', word('not-expected'))))].filter(Boolean));
                $('host-actions').hidden = !summary.may_arm;
                const one = { hosts: [{ school: h.school, host: h.host }] };
                $('host-actions').replaceChildren(...(summary.may_arm ? [button(word('arm'), { class: 'primary' }, () => arm(one, h.host)), button(word('disarm'), {}, () => disarm(one, h.host))] : []));
        }
        function eventState(x) {
                const key = x.stage + '.' + x.outcome;
                const states = { 'arming.armed': 'armed', 'install.started': 'installing', 'install.completed': 'installed', 'agent.converged': 'arrived' };
                if (x.outcome === 'failed' || x.outcome === 'refused')
                        return 'failed';
                return states[key] || (x.stage === 'agent' ? 'finishing' : 'unheard');
        }
        function eventItem(x) {
                const key = 'event.' + x.stage + '.' + x.outcome, state = eventState(x);
                const means = meaning(x), step = x.step ? (has('step.' + x.step) ? word('step.' + x.step) : x.step) + word('colon') : '';
                return el('li', { class: 's-' + state }, sign(state),
                        el('span', { class: 'when' }, el('time', { datetime: new Date(x.received).toISOString() }, when(x.received, 'exact'))),
                        el('div', { class: 'what' }, step + (has(key) ? word(key) : x.stage + ' ' + x.outcome) + (x.percent >= 0 ? ' · ' + x.percent + ' %' : '')),
                        x.code > 0 ? el('div', null, causeOf(Object.assign({ standing: '', heard: 0 }, x))) : null,
                        means.next ? el('div', { class: 'next' }, means.next) : null,
                        means.detail ? el('div', { class: 'words' }, means.detail) : null);
        }
        async function fetchHost() {
                const wanted = shown;
                if (!wanted)
                        return;
                try {
                        const reply = await ask('api/host?school=' + encodeURIComponent(wanted.school) + '&host=' + encodeURIComponent(wanted.host));
                        if (shown !== wanted)
                                return;
                        showHost(reply.host);
                        let attempt = reply.events.length ? reply.events[0].attempt : 0;
                        const items = [];
                        for (const x of reply.events) {
                                if (x.attempt !== attempt && attempt > 0)
                                        items.push(el('li', { class: 'attempt' }, word('earlier-attempt', x.attempt)));
                                attempt = x.attempt;
                                items.push(eventItem(x));
                        }
                        $('host-events').replaceChildren(...items);
                        $('host-events-title').hidden = !items.length;
                } catch (e) {
                        if (shown !== wanted)
                                return;
                        $('host-title').textContent = wanted.host;
                        $('host-body').replaceChildren(el('p', { class: 'error', role: 'alert' }, sentenceOf(e)));
                        $('host-events').replaceChildren();
                        $('host-events-title').hidden = true;
                        $('host-actions').hidden = true;
                }
        }
        function openHash() {
                const parts = location.hash.slice(1).split('/');
                let wanted = null;
                try {
                        wanted = parts.length === 2 && parts[0] && parts[1] ? { school: decodeURIComponent(parts[0]), host: decodeURIComponent(parts[1]) } : null;
                } catch (e) {
                        wanted = null;
                }
                if (!wanted || !summary || !summary.may_read) {
                        if ($('host').open)
                                $('host').close();
                        return;
                }
                const fresh = !shown || keyOf(shown) !== keyOf(wanted);
                shown = wanted;
                if (fresh) {
                        $('host-title').textContent = wanted.host;
                        $('host-body').replaceChildren(el('p', { class: 'nothing' }, word('loading')));
                        $('host-events').replaceChildren();
                        $('host-events-title').hidden = true;
                        $('host-actions').hidden = true;
                }
                if (!$('host').open) {
                        $('host').showModal();
                        $('host-title').focus();
                }
                fetchHost();
        }
        addEventListener('hashchange', openHash);
        $('host').addEventListener('close', () => {
                const key = shown ? keyOf(shown) : '';
                shown = null;
                if (location.hash.includes('/'))
                        history.pushState(null, '', location.pathname);
                /* Where the keyboard was may have been replaced by news. */
                const tileNow = [...document.querySelectorAll('[data-key]')].find(e => e.dataset.key === key && e.offsetParent);
                if (tileNow && (!document.activeElement || document.activeElement === document.body))
                        tileNow.querySelector('a').focus();
        });

        $('login-open').addEventListener('click', openLogin);
        $('closed-login').addEventListener('click', openLogin);
        function openLogin() {
                $('login-error').textContent = '';
                $('password').value = '';
                $('login-hindrance').hidden = summary.may_login;
                $('login-hindrance').textContent = summary.hindrance + ' · ' + summary.hindrance_next;
                $('password').disabled = $('login-form').querySelector('[type=submit]').disabled = !summary.may_login;
                $('login').showModal();
                if (summary.may_login)
                        $('password').focus();
        }
        $('login-form').addEventListener('submit', async e => {
                e.preventDefault();
                const submit = $('login-form').querySelector('[type=submit]');
                submit.disabled = true;
                $('login-error').textContent = '';
                try {
                        await ask('api/login', { password: $('password').value });
                        $('login').close();
                        await load();
                        say(word('logged-in'));
                } catch (error) {
                        $('login-error').textContent = sentenceOf(error);
                        $('password').select();
                }
                submit.disabled = false;
        });
        $('logout').addEventListener('click', async () => {
                try {
                        await ask('api/logout', {});
                        say(word('logged-out'));
                } catch (e) {
                        say(sentenceOf(e));
                }
                load();
        });

        /* Shows what is about to happen; action() does it, and what it throws is shown and may be tried again. */
        function confirmFirst(c) {
                const d = $('confirm'), yes = $('confirm-yes'), typed = $('confirm-name');
                $('confirm-title').textContent = c.title;
                $('confirm-text').textContent = c.text;
                $('confirm-hosts').replaceChildren(...(c.lines || []).map(line => el('li', null, line)));
                $('confirm-error').textContent = '';
                $('confirm-typed').hidden = !c.typed;
                $('confirm-label').textContent = c.typed ? word('type-name', c.typed) : '';
                typed.value = '';
                yes.textContent = c.yes;
                yes.className = c.typed ? 'danger' : 'primary';
                yes.disabled = Boolean(c.typed);
                typed.oninput = () => { yes.disabled = typed.value.trim() !== c.typed; };
                $('confirm-form').onsubmit = async e => {
                        e.preventDefault();
                        if (yes.disabled)
                                return;
                        yes.disabled = true;
                        try {
                                const then = await c.action();
                                d.close();
                                if (then)
                                        confirmFirst(then);
                        } catch (error) {
                                $('confirm-error').textContent = sentenceOf(error);
                                yes.disabled = false;
                                if (error.status === 401 || error.status === 403)
                                        load();
                        }
                };
                d.showModal();
                (c.typed ? typed : $('confirm-no')).focus();
        }
        /* Hosts that are installed, or being installed: once more only for who names them. */
        function again(refused, title) {
                const hosts = refused.map(r => ({ school: r.school, host: r.host }));
                return {
                        title: word('again-title'), text: word('again-text'), lines: refused.map(r => r.sentence), yes: word('again-yes'),
                        typed: hosts.length === 1 ? hosts[0].host : title,
                        action: async () => {
                                const reply = await ask('api/arm', { hosts, again: true, confirm: hosts.map(keyOf) });
                                say(word('armed-until', reply.armed.length, when(reply.until, 'short')));
                                return null;
                        }
                };
        }
        function arm(what, title) {
                confirmFirst({
                        title: word('arm-named', title), text: word('arm-text'), yes: word('arm'),
                        action: async () => {
                                try {
                                        const reply = await ask('api/arm', what);
                                        say(word('armed-until', reply.armed.length, when(reply.until, 'short')));
                                        return reply.refused.length ? again(reply.refused, title) : null;
                                } catch (e) {
                                        if (e.status === 409 && e.json.refused && e.json.refused.length)
                                                return again(e.json.refused, title);
                                        throw e;
                                }
                        }
                });
        }
        function disarm(what, title) {
                confirmFirst({
                        title: word('disarm-named', title), text: word('disarm-text'), yes: word('disarm'),
                        action: async () => {
                                const reply = await ask('api/disarm', what);
                                say(word('disarmed', reply.disarmed.length));
                                return null;
                        }
                });
        }

        const gib = bytes => (bytes / 1073741824).toFixed(bytes < 1e11 ? 1 : 0) + ' GiB';
        const nameOf = m => m.macs.split(' ')[0];
        function machine(m) {
                const choice = summary.may_arm ? el('input', { type: 'checkbox', value: nameOf(m), 'aria-label': word('choose', nameOf(m)) }) : null;
                if (choice)
                        choice.checked = !m.host;
                return el('li', null,
                        el('label', { class: 'row' }, choice, el('strong', { class: 'mono' }, m.macs)), el('span', null, [m.model, m.serial].filter(Boolean).join(' · ')),
                        el('span', { class: 'detail' }, [m.cpus > 0 ? m.cpus + ' × ' + m.cpu : m.cpu, m.memory > 0 ? gib(m.memory) : '', m.firmware].filter(Boolean).join(' · ')),
                        ...m.disks.split('\n').filter(Boolean).map(d => {
                                const [id, bytes, bus, model] = d.split('\t');
                                return el('span', { class: 'detail' }, [model || id, bytes > 0 ? (bytes / 1e9).toFixed(0) + ' GB' : '', bus].filter(Boolean).join(' · '));
                        }),
                        m.host ? el('a', { class: 'link', href: addressOf(m) }, word('known-as', m.school + '/' + m.host)) : el('span', null, word('known-to-nobody')),
                        m.seen > 0 ? el('span', { class: 'detail' }, when(m.seen, 'exact')) : null);
        }
        async function showMachines() {
                try {
                        const list = (await ask('api/enrolled')).machines;
                        $('machines-none').hidden = list.length > 0;
                        $('machines-list').replaceChildren(...list.map(machine));
                        $('machines-actions').hidden = !summary.may_arm || !list.length;
                } catch (e) {
                        $('machines-list').replaceChildren(el('li', { role: 'alert' }, sentenceOf(e)));
                        $('machines-actions').hidden = true;
                }
        }
        $('machines-open').addEventListener('click', () => {
                $('rows').hidden = true;
                $('machines').showModal();
                $('machines-title').focus();
                showMachines();
        });
        const chosenMachines = () => [...$('machines-list').querySelectorAll('input:checked')].map(box => box.value);
        /* Spreadsheet programs know the text by the mark that it begins with; who copies it has no use for that. */
        $('enrol').addEventListener('click', async () => {
                const machines = chosenMachines();
                if (!machines.length)
                        return say(word('choose-first'));
                try {
                        const reply = await ask('api/enrol', { machines });
                        $('rows').hidden = !reply.rows;
                        if (!reply.rows)
                                return say(word('enrol-none'));
                        $('rows-title').textContent = word('enrol-rows', reply.rows);
                        $('rows-text').value = reply.csv.replace('\ufeff', '');
                        $('rows-save').onclick = () => {
                                const to = el('a', { href: URL.createObjectURL(new Blob([reply.csv], { type: 'text/csv' })), download: 'machines.csv' });
                                to.click();
                                setTimeout(() => URL.revokeObjectURL(to.href), 10000);
                        };
                        $('rows-copy').hidden = !navigator.clipboard;
                        $('rows-title').focus();
                } catch (e) {
                        say(sentenceOf(e));
                }
                return null;
        });
        $('rows-copy').addEventListener('click', async () => {
                try {
                        await navigator.clipboard.writeText($('rows-text').value);
                        say(word('copied'));
                } catch (e) {
                        $('rows-text').select();
                }
        });
        $('forget').addEventListener('click', () => {
                const machines = chosenMachines();
                if (!machines.length)
                        return say(word('choose-first'));
                return confirmFirst({
                        title: word('forget-title'), text: word('forget-text'), lines: machines, yes: word('forget'),
                        action: async () => {
                                const reply = await ask('api/forget', { machines });
                                say(word('forgotten', reply.forgotten.length));
                                $('rows').hidden = true;
                                await showMachines();
                                return null;
                        }
                });
        });
        $('machines-list').addEventListener('click', e => { if (e.target.closest('a')) $('machines').close(); });

        loadWords().catch(() => null).then(load);
})();
