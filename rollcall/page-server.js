/* What the page knows from its server: answers to questions, the summary that all of it is drawn from, and what time it is
 * there. */
import { el, speak, tag, word } from './page-words.js';

export let summary = null, ahead = 0;         /* ahead: by how many ms the server's clock is */
let formats = {};

export async function ask(path, body) {
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
export const sentenceOf = e => e.status ? e.message : word('unreachable');

export async function fetchSummary() {
        summary = await ask('api/summary');
        ahead = summary.now - Date.now();
}
export async function loadWords() {
        speak(await ask('words.json'));
        formats = {};
}

/* --- times, in the time zone of the site --- */

const now = () => Date.now() + ahead;

export function when(ms, style) {
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

export function ageText(ms) {
        const s = Math.max(0, (now() - ms) / 1000);
        if (s < 60)
                return word('age-now');
        if (s < 3600)
                return word('age-minutes', Math.floor(s / 60));
        return s < 48 * 3600 ? word('age-hours', Math.floor(s / 3600)) : word('age-days', Math.floor(s / 86400));
}
export function age(ms) {
        return ms > 0 ? el('time', { class: 'age', datetime: new Date(ms).toISOString(), title: when(ms, 'exact'), 'data-age': ms }, ageText(ms)) : null;
}
setInterval(() => {
        for (const t of document.querySelectorAll('time[data-age]'))
                t.textContent = ageText(Number(t.dataset.age));
}, 15000);
