/* The page of the roll call: it is loaded, follows the stream, and is loaded anew when somebody has logged in or out. Each other
 * file page-*.js has one part of it; page.html names them, so that they are fetched at once and not one after the other. */
import { $, say, word } from './page-words.js';
import { ahead, ask, fetchSummary, loadWords, sentenceOf, summary, when } from './page-server.js';
import { forgetRules, translate } from './page-tiles.js';
import { fetchTiles, showSummary, takeNews } from './page-overview.js';
import { openHash } from './page-host.js';

let change = 0, stream = null, lostSince = 0, ended = false;

/* --- what has changed --- */

async function take(news) {
        if (news.change > change)
                change = news.change;
        if (news.many || !summary || !summary.may_read)
                return load();
        const rows = news.hosts || [];
        if (rows.length)
                await translate(rows);
        takeNews(rows);
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
        await fetchSummary();
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
        showSummary();
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
                        fetchTiles();
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
for (const b of document.querySelectorAll('[data-language]'))
        b.addEventListener('click', async () => {
                try {
                        await ask('api/language', { language: b.dataset.language });
                        forgetRules();
                        await loadWords();
                        await load();
                } catch (e) {
                        say(sentenceOf(e));
                }
        });

/* --- logging in and out --- */

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
/* A dialog was told that nobody is logged in here any more. */
addEventListener('session-over', () => load());

loadWords().catch(() => null).then(load);
