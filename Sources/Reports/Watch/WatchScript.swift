/// What makes the page of a run follow it in a browser: a script that asks for news and puts them where the old page was.
enum WatchScript {
  static let styleSheet = """
    .live { position: sticky; top: 0; z-index: 1; display: flex; justify-content: space-between; gap: 16px;
      background: var(--paper); border-bottom: 1px solid var(--grid); padding: 8px 0; margin-bottom: 18px;
      font-size: 0.9rem; color: var(--muted); }
    .live .stale { color: var(--vermilion); font-weight: 600; }
    @media print { .live { display: none; } }

    """

  /// A page that is being read is not pulled away: choices, open tables and the place on the page stay, and while text
  /// is selected nothing is replaced.
  static let text = """
    'use strict';
    const main = document.querySelector('main');
    let tag = null;

    function say(text, stale) {
      const live = document.getElementById('live');
      live.textContent = text;
      live.className = stale ? 'stale' : '';
    }

    function show(text) {
      const fresh = new DOMParser().parseFromString(text, 'text/html').querySelector('main');
      for (const input of main.querySelectorAll('input:checked')) {
        const same = fresh.querySelector('#' + CSS.escape(input.id));
        if (same) {
          for (const other of fresh.querySelectorAll('input')) {
            if (other.name === same.name) other.removeAttribute('checked');
          }
          same.setAttribute('checked', 'checked');
        }
      }
      for (const details of main.querySelectorAll('details[open]')) {
        const same = fresh.querySelector('#' + CSS.escape(details.id));
        if (same) same.setAttribute('open', '');
      }
      const focused = document.activeElement && document.activeElement.id;
      const place = [window.scrollX, window.scrollY];
      main.replaceChildren(...fresh.childNodes);
      if (focused) {
        const same = document.getElementById(focused);
        if (same) same.focus({preventScroll: true});
      }
      window.scrollTo(...place);
    }

    async function look() {
      try {
        const selection = window.getSelection();
        if (!selection || selection.isCollapsed) {
          const answer = await fetch('/', {headers: tag ? {'If-None-Match': tag} : {}, cache: 'no-store'});
          if (answer.status === 200) {
            const text = await answer.text();
            tag = answer.headers.get('ETag');
            show(text);
          }
          if (answer.status === 200 || answer.status === 304) {
            say('Looked at ' + new Date().toLocaleTimeString() + '.', false);
          } else {
            say((await answer.text()).trim(), true);
          }
        }
      } catch (error) {
        say('ritz watch no longer answers; this is what it last showed.', true);
      }
      setTimeout(look, document.hidden ? 10000 : 2000);
    }

    setTimeout(look, 500);

    """
}
