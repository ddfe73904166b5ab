/* How a host is shown: its standing, what its code means, its tile. */
import { el, has, word } from './page-words.js';
import { age, ageText, ask } from './page-server.js';

const SIGNS = { arrived: '✓', failed: '✕', overdue: '!', installing: '↓', installed: '●', finishing: '…', armed: '▸', unheard: '–', all: '∑' };
const rules = new Map();                /* code → what it means, in the language of the page and as hosts say it */

export const keyOf = h => h.school + '/' + h.host;
export const addressOf = h => '#' + encodeURIComponent(h.school) + '/' + encodeURIComponent(h.host);

/* --- standing --- */

export const stateOf = h => h.standing !== 'failed' && h.overdue ? 'overdue' : h.standing;
export const sign = state => el('i', { class: 'sign', 'aria-hidden': 'true' }, SIGNS[state] || '?');
export const standingText = state => has('standing.' + state) ? word('standing.' + state) : state;

export function badge(h) {
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
export function meaning(h) {
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
export function causeOf(h) {
        const cause = meaning(h).cause, number = 'XR-' + String(h.code).padStart(3, '0');
        if (h.code > 0)
                return cause ? sentence(cause) + ' (' + number + ')' : number;
        if (h.standing === 'failed')
                return h.detail || word('no-cause');
        return word('silent', h.heard > 0 ? ageText(h.heard) : '');
}
export const detailOf = h => (h.standing === 'failed' && !(h.code > 0) ? '' : meaning(h).detail);
export const nextOf = h => meaning(h).next || (stateOf(h) === 'overdue' ? word('silent-next') : h.standing === 'failed' ? word('no-cause-next') : '');

/* Of the stream's rows the sentences may be in another language; codes and standings say the same in all. */
const ruleOf = ({ cause, next, told, told_next }) => ({ cause, next, told, told_next });
export function learn(rows) {
        for (const h of rows)
                if (h.code > 0)
                        rules.set(h.code, ruleOf(h));
}
export const forgetRules = () => rules.clear();
export async function translate(rows) {
        for (const h of rows)
                if (h.code > 0 && !rules.has(h.code))
                        await ask('api/rule?code=' + h.code).then(r => rules.set(h.code, ruleOf(r))).catch(() => null);
        for (const h of rows)
                Object.assign(h, h.code > 0 && rules.get(h.code));
}

/* --- tiles --- */

export function progress(h) {
        if (h.standing !== 'installing' || h.percent < 0)
                return null;
        return el('span', { class: 'progress' },
                el('progress', { max: 100, value: h.percent, 'aria-label': word('progress', h.host) }), el('span', null, h.percent + ' %'));
}
function link(h) {
        return el('a', { class: 'link', href: addressOf(h) }, h.host);
}
export function tile(h, where) {
        const state = stateOf(h), last = state === 'failed' || state === 'overdue' ? causeOf(h) : lastOf(h);
        return el('li', { class: 'tile s-' + state, 'data-key': keyOf(h), 'data-standing': h.standing },
                el('span', { class: 'row' }, link(h), age(h.since || h.heard)),
                where ? el('span', { class: 'where' }, (h.school_name || h.school) + (h.pool ? ' · ' + (h.pool_name || h.pool) : '')) : null,
                el('span', null, badge(h)), progress(h),
                last ? el('span', { class: 'last' }, last) : null,
                h.expected ? null : el('span', { class: 'last' }, word('not-expected')));
}
export function need(h) {
        const state = stateOf(h);
        return el('li', { class: 'need s-' + state, 'data-key': keyOf(h) },
                el('span', { class: 'row' }, link(h), badge(h), age(h.since || h.heard)),
                el('span', { class: 'where' }, (h.school_name || h.school) + (h.pool ? ' · ' + (h.pool_name || h.pool) : '')),
                el('span', { class: 'cause' }, causeOf(h)),
                detailOf(h) ? el('span', { class: 'detail' }, detailOf(h)) : null,
                nextOf(h) ? el('span', { class: 'next' }, nextOf(h)) : null);
}
