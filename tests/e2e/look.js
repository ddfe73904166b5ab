// look.js URL FOLDER PASSWORD HOST…: looks at the roll call's page as the administrator does: logs in, waits until these hosts' tiles
// and no others are there and green, opens one, looks on a phone. Screenshots go to FOLDER. Prints what is wrong, or nothing.
'use strict';
const { chromium } = require('playwright-core');

const [url, folder, password, ...hosts] = process.argv.slice(2);
const wrong = [];

function listen(page) {
        page.on('console', m => m.type() === 'error' && wrong.push('console: ' + m.text()));
        page.on('pageerror', e => wrong.push('page: ' + e.message));
        page.on('request', r => new URL(r.url()).origin === new URL(url).origin || wrong.push('asked elsewhere: ' + r.url()));
}

async function logIn(page) {
        await page.goto(url);
        await page.locator('#closed-login').click();
        await page.locator('#password').fill(password);
        await page.locator('#login-form button[type=submit]').click();
}

async function green(page) {
        const tiles = page.locator('#schools-list .tile');
        const said = () => tiles.evaluateAll(all => all.map(t => t.dataset.key.split('/')[1] + ' ' + t.dataset.standing).sort());
        const want = hosts.map(h => h + ' arrived').sort().join(', ');
        let last = '';
        for (let n = 0; n < 40; n++) {
                last = (await said()).join(', ');
                if (last === want)
                        return;
                await page.waitForTimeout(500);
        }
        wrong.push('tiles: ' + (last || 'none'));
}

async function colours(page) {
        const shown = await page.locator('#schools-list .tile .badge').evaluateAll(all => all.map(b => getComputedStyle(b).color));
        for (const colour of shown) {
                const [r, g, b] = colour.match(/[\d.]+/g).map(Number);
                if (!(g > r && g > b))
                        wrong.push('not green: ' + colour);
        }
}

async function main() {
        const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
        try {
                const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'zh-CN', viewport: { width: 1200, height: 800 } });
                const page = await context.newPage();
                listen(page);
                await logIn(page);
                await page.locator('#schools-list .tile').first().waitFor();
                await green(page);
                await colours(page);
                await page.screenshot({ path: folder + '/page.png', fullPage: true });
                await page.locator('#schools-list .tile a').first().click();
                await page.locator('#host-events li').first().waitFor();
                await page.screenshot({ path: folder + '/host.png' });
                await page.keyboard.press('Escape');
                await page.setViewportSize({ width: 360, height: 740 });
                await page.screenshot({ path: folder + '/phone.png', fullPage: true });
                if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth))
                        wrong.push('wider than a phone');
        } catch (e) {
                wrong.push(e.message.split('\n')[0]);
        } finally {
                await browser.close();
        }
        if (wrong.length)
                console.log(wrong.join('\n'));
}
main();
