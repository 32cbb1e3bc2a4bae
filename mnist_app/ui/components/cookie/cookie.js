/* Keep a value for a year, so that what a visitor started is theirs after a reload, too. */

export default function ({ data }) {
  const isKept = document.cookie.split("; ").some((cookie) => cookie.startsWith(`${data.name}=`));
  if (!isKept) {
    document.cookie = `${data.name}=${data.value}; path=/; max-age=31536000; SameSite=Lax`;
  }
}
