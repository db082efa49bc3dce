// Shows times in the viewer's zone, and opens the circuit that keeps live figures moving.
(() => {
  const show = time => {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) return;
    const long = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' }).format(at);
    if (time.title !== long) time.title = long;
    const sameDay = at.toDateString() === new Date().toDateString();
    const text = time.hasAttribute('data-long') ? long
      : new Intl.DateTimeFormat(undefined, sameDay ? { timeStyle: 'medium' } : { dateStyle: 'medium', timeStyle: 'short' }).format(at);
    // Live views own this text node and change it in place, so it is changed and never replaced.
    if (time.firstChild && time.firstChild.data !== text) time.firstChild.data = text;
  };
  const showAll = () => document.querySelectorAll('time[datetime]').forEach(show);
  new MutationObserver(showAll).observe(document.body, { subtree: true, childList: true, characterData: true, attributeFilter: ['datetime'] });
  showAll();

  document.addEventListener('click', event => {
    const copy = event.target.closest('[data-copy]');
    if (copy && navigator.clipboard) navigator.clipboard.writeText(document.getElementById(copy.dataset.copy).textContent);
  });

  // WebSocket at once: without the handshake by requests before it, a balancer needs no sticky sessions.
  Blazor.start({ circuit: { configureSignalR: hub => hub.withUrl('/_blazor', { skipNegotiation: true, transport: 1 }) } });
})();
