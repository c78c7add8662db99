const TOKEN = /^#token=([\w-]+)$/;

/** Token of the link; null without one. It is removed from the address and from the history of the browser. */
export const linkToken = takeToken();

function takeToken(): string | null {
  const [, token = null] = TOKEN.exec(location.hash) ?? [];
  if (location.hash) history.replaceState(null, '', location.pathname + location.search);
  return token;
}
