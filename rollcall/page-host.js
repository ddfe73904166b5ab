/* One host, by its address behind '#': what is known of it, and its time line. */
import { $, button, el, has, word } from './page-words.js';
import { age, ask, sentenceOf, summary, when } from './page-server.js';
import { badge, causeOf, detailOf, keyOf, meaning, nextOf, progress, sign, stateOf } from './page-tiles.js';
import { arm, disarm } from './page-dialogs.js';

let shown = null;       /* the host in the dialog */

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
export function hostHasNews(h) {
        if (shown && shown.school === h.school && shown.host === h.host)
                fetchHost();
}
export function openHash() {
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
