/* The page's words in the language of whoever looks, and elements made of them. What comes from hosts is foreign text: it
 * becomes text nodes and attributes, never markup. */

export const $ = id => document.getElementById(id);
let words = {};
export let tag = 'en', collator = new Intl.Collator('en', { numeric: true });

export function word(key, ...args) {
        const text = Object.prototype.hasOwnProperty.call(words, key) ? words[key] : key;
        return text.replace(/\{([1-9])\}/g, (all, n) => args[n - 1] === undefined ? '' : String(args[n - 1]));
}
export const has = key => Object.prototype.hasOwnProperty.call(words, key);

export function el(name, attributes, ...children) {
        const e = document.createElement(name);
        for (const key of Object.keys(attributes || {}))
                if (attributes[key] !== undefined && attributes[key] !== null && attributes[key] !== false)
                        e.setAttribute(key, attributes[key] === true ? '' : attributes[key]);
        e.append(...children.filter(c => c !== null && c !== undefined && c !== ''));
        return e;
}
export const button = (text, attributes, action) => {
        const b = el('button', Object.assign({ type: 'button' }, attributes), text);
        b.addEventListener('click', action);
        return b;
};

export const count = n => n.toLocaleString(tag);

/* Above dialogs too, where the browser can. */
export function say(text) {
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

/* From then on the page speaks the language of these words, wherever it has said something already in markup. */
export function speak(reply) {
        words = reply.words;
        tag = reply.language === 'zh_CN' ? 'zh-CN' : 'en';
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
}
