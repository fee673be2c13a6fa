// The banners over an editor: one per matter, each with what can be done about it.

export class News {
  constructor(place) {
    this.place = place;
    this.told = new Map();
  }

  /** Say something of a matter, in place of what was said of it before. `acts`: [{words, act?, href?, elsewhere?}]: an act with an
      address is a link (`act` is done before it is followed), else a button. */
  put(matter, words, acts = [], kind = 'info') {
    const said = JSON.stringify([words, kind, acts.map((one) => [one.words, one.href])]);
    if (this.told.get(matter)?.said === said) return; // read out once
    const banner = document.createElement('div');
    banner.className = `alert alert-${kind} zp-desk-banner`;
    banner.dataset.matter = matter;
    const sentence = document.createElement('p');
    sentence.textContent = words;
    banner.append(sentence, ...acts.map(doing));
    if (this.told.has(matter)) this.told.get(matter).banner.replaceWith(banner);
    else this.place.append(banner);
    this.told.set(matter, { said, banner });
  }

  drop(matter) {
    this.told.get(matter)?.banner.remove();
    this.told.delete(matter);
  }
}

function doing({ words, act, href, elsewhere }) {
  const made = document.createElement(href ? 'a' : 'button');
  made.className = 'btn';
  made.textContent = words;
  if (!href) {
    made.type = 'button';
    made.addEventListener('click', act);
    return made;
  }
  made.href = href;
  if (elsewhere) made.target = '_blank';
  if (act) {
    made.addEventListener('click', async (event) => {
      event.preventDefault();
      await act();
      location.assign(href);
    });
  }
  return made;
}
