// The server under test, and what hosts tell it.
import { spawn, execFileSync } from 'child_process';
import https from 'https';
import fs from 'fs';

const B = process.env.B, WORK = process.env.WORK;
const tool = B + '/tests/tools/page_server';
const running = new Set();

export const PASSWORD = 'correct horse battery';
export const HOSTILE = '<script>alert(1)</script>';

function run(program, args, ready) {
        const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LANGUAGE: 'en' } });
        running.add(child);
        return new Promise((good, bad) => {
                let said = '';
                const hear = d => {
                        said += d;
                        if (ready.test(said))
                                good(child);
                };
                child.stdout.on('data', hear);
                child.stderr.on('data', hear);
                child.on('exit', code => bad(new Error('the server ended with ' + code + ': ' + said.slice(-300))));
        });
}
export const start = (out, port, ...options) => run(tool, ['serve', WORK + '/' + out, '127.0.0.1:' + port,
        'key=' + WORK + '/key', 'certificate=' + WORK + '/certificate', ...options], /^ready/m);
// The program itself, over a build.
export const serve = (out, port, ...options) => run(B + '/xenroll', ['--language', 'en', 'serve', WORK + '/' + out, '--only-roll-call',
        '--address', '127.0.0.1', '--https-port', String(port), ...options], /serving the roll call/);
export function stop(child) {
        running.delete(child);
        return new Promise(done => { child.removeAllListeners('exit'); child.on('exit', done); child.kill('SIGTERM'); });
}
export const stopAll = () => Promise.all([...running].map(stop));

export function request(port, method, path, { body, headers = {}, agent } = {}) {
        return new Promise((good, bad) => {
                const r = https.request({ host: '127.0.0.1', port, method, path, headers, agent, rejectUnauthorized: false }, reply => {
                        let text = '';
                        reply.setEncoding('utf8');
                        reply.on('data', d => { text += d; });
                        reply.on('end', () => good({ status: reply.statusCode, headers: reply.headers, text }));
                });
                r.on('error', bad);
                r.end(body);
        });
}
export const post = (port, path, object, headers = {}) =>
        request(port, 'POST', path, { body: JSON.stringify(object), headers: { 'Content-Type': 'application/json', ...headers } });

const tokens = new Map();
function token(out, ...names) {
        const key = names.join('/');
        if (!tokens.has(key))
                tokens.set(key, execFileSync(tool, ['token', WORK + '/' + out, ...names], { encoding: 'utf8' }).trim());
        return tokens.get(key);
}
// As a host's installer does it: a form, by curl.
export function tell(port, school, host, fields, out = 'out') {
        const args = ['-sk', '-m', '10', '-o', '/dev/null', '-w', '%{http_code}'];
        for (const key of Object.keys(fields))
                args.push('--data-urlencode', key + '=' + fields[key]);
        const status = execFileSync('curl', [...args, 'https://127.0.0.1:' + port + '/events/' + token(out, school, host)], { encoding: 'utf8' });
        if (!/^20[04]$/.test(status))
                throw new Error('an event of ' + host + ' was answered ' + status);
}
// As a school's server does it, about a while ago.
export async function forward(port, school, events) {
        const reply = await post(port, '/events', events, { Authorization: 'Bearer ' + token('out', school) });
        if (reply.status >= 300)
                throw new Error('forwarded events were answered ' + reply.status + ' ' + reply.text);
}
export async function district(port) {
        const t = (host, ...events) => events.forEach(e => tell(port, host.slice(0, 4), host, e));
        const started = { stage: 'install', outcome: 'started' }, completed = { stage: 'install', outcome: 'completed' };
        t('nn36-xen1', started, completed, { stage: 'agent', step: 'agent', outcome: 'converged' });
        t('nn36-xen2', started, completed, { stage: 'agent', step: 'join', outcome: 'waiting', detail: 'nn36-xen1 accepts one host at a time' });
        t('nn36-xen3', started, completed);
        t('nn36-xen4', { ...started, percent: 40 });
        await forward(port, 'nn36', [{ school: 'nn36', pool: 'main', host: 'nn36-xen5', stage: 'arming', outcome: 'armed' }]);
        t('nn36-xen6', started, { stage: 'select', outcome: 'refused', code: 501, detail: '<b>bold</b> <img src=x onerror=alert(2)> \'; DROP TABLE host; --' });
        await forward(port, 'nn36', [{ school: 'nn36', pool: 'lab', host: 'nn36-xen7', stage: 'install', outcome: 'started', received: Date.now() - 50 * 60000 }]);
        for (let i = 1; i <= 8; i++)
                t('nn37-xen' + i, started, completed, { stage: 'agent', step: 'agent', outcome: 'converged' });
        tell(port, 'nn38', HOSTILE, { ...started, detail: '<img src=x onerror=alert(3)>"\'; DROP TABLE host; --' });
}
// As a machine posts it that was started for enrolment.
export function enrol(out, lines) {
        const report = lines.map(l => l.join('\t')).join('\n');
        execFileSync(tool, ['enrol', WORK + '/' + out, 'report=' + encodeURIComponent(report)]);
}
export const exists = path => fs.existsSync(path);
