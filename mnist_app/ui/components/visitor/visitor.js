/* Remember a visitor for a year, so that what they started is theirs after a reload too. */

export default function ({ data }) {
  const isKnown = document.cookie.split("; ").some((cookie) => cookie.startsWith(`${data.name}=`));
  if (!isKnown) {
    document.cookie = `${data.name}=${data.token}; path=/; max-age=31536000; SameSite=Lax`;
  }
}
