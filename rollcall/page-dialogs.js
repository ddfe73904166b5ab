/* What is done from dialogs: hosts are armed and disarmed once that is confirmed, and machines enrolled. */
import { $, el, say, word } from './page-words.js';
import { ask, sentenceOf, summary, when } from './page-server.js';
import { addressOf, keyOf } from './page-tiles.js';

for (const b of document.querySelectorAll('[data-close]'))
        b.addEventListener('click', () => b.closest('dialog').close());
for (const d of document.querySelectorAll('dialog'))
        d.addEventListener('click', e => { if (e.target === d && !d.querySelector('form')) d.close(); });

/* --- confirming, arming --- */

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
                                dispatchEvent(new Event('session-over'));
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
export function arm(what, title) {
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
export function disarm(what, title) {
        confirmFirst({
                title: word('disarm-named', title), text: word('disarm-text'), yes: word('disarm'),
                action: async () => {
                        const reply = await ask('api/disarm', what);
                        say(word('disarmed', reply.disarmed.length));
                        return null;
                }
        });
}

/* --- machines that were started for enrolment --- */

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
