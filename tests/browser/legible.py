"""What makes a page hard to read or to use: structure, names, contrast, and what does not fit."""

from typing import Any, Final

from playwright.async_api import Page as Tab

# WCAG 2.2: text 1.4.3, borders and focus 1.4.11 and 2.4.7, size of what is pressed 2.5.8.
_SHARED: Final = """
const channels = colour => colour.match(/[\\d.]+/g).map(Number)
const light = colour => channels(colour).slice(0, 3)
    .map(part => part / 255).map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [.2126, .7152, .0722][index], 0)
const contrast = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((left, right) => left - right)
    return (bright + .05) / (dark + .05)
}
const behind = element => {
    const colour = getComputedStyle(element).backgroundColor
    return channels(colour)[3] === 0 && element.parentElement ? behind(element.parentElement) : colour
}
"""
_FAULTS: Final = f"""() => {{{_SHARED}
const faults = []
const demand = (right, words) => right || faults.push(words)
const all = selector => [...document.querySelectorAll(selector)]
demand(document.documentElement.lang === 'en', 'no language')
demand(document.title.includes('cancel-approval'), 'no title')
for (const one of ['h1', 'main', 'meta[name=viewport]']) demand(all(one).length === 1, `not one ${{one}}`)
demand(!all('h2, h3, [tabindex], script, img').length, 'more than plain text and buttons')
for (const one of all('a, button')) {{
    demand(one.innerText.trim(), 'a button without a name')
    demand(one.getBoundingClientRect().height >= 24, `too small: ${{one.innerText}}`)
    demand(contrast(getComputedStyle(one).borderTopColor, behind(one.parentElement)) >= 3, `edge: ${{one.innerText}}`)
}}
for (const one of all('main *').filter(one => [...one.childNodes].some(node => node.data?.trim()))) {{
    const found = contrast(getComputedStyle(one).color, behind(one))
    demand(found >= 4.5, `contrast ${{found.toFixed(1)}}: ${{one.innerText}}`)
}}
const dark = matchMedia('(prefers-color-scheme: dark)').matches
demand(light(behind(document.body)) < .5 === dark, 'not in the scheme that was asked for')
return faults
}}"""
_WIDTHS: Final = """zoom => {
    document.documentElement.style.fontSize = `${zoom}%`
    const ends = [...document.querySelectorAll('main, main *')].map(one => one.getBoundingClientRect().right)
    return Math.max(document.documentElement.scrollWidth, ...ends) - innerWidth
}"""
_RING: Final = f"""() => {{{_SHARED}
const shown = getComputedStyle(document.activeElement)
if (shown.outlineStyle === 'none' || parseFloat(shown.outlineWidth) < 2) return 0
return contrast(shown.outlineColor, behind(document.activeElement.parentElement))
}}"""


async def faults(tab: Tab) -> list[str]:
    """In words, what is wrong with the page that is shown."""
    found: list[str] = await tab.evaluate(_FAULTS)
    before: Any = tab.viewport_size
    for width, zoom in ((320, 100), (390, 200), (1280, 200)):
        await tab.set_viewport_size({"width": width, "height": 800})
        over = await tab.evaluate(_WIDTHS, zoom)
        found += [f"{over} pixels too wide for {width} with letters of {zoom} %"] if over > 0 else []
    await tab.evaluate(_WIDTHS, 100)
    await tab.set_viewport_size(before)
    return found


async def ring(tab: Tab) -> float:
    """How much the ring around what has the focus contrasts with the page; 0 without one."""
    return float(await tab.evaluate(_RING))
