// The page may be mounted below a prefix of a reverse proxy, so the server's address is where the page is.
const server = location.origin + location.pathname.replace(/\/+$/, "").replace(/\/[^/]*$/, "");
const documentUrl = `${server}/openapi.json`;

/* global Redoc */
fetch(documentUrl)
  .then((response) => {
    if (!response.ok)
      throw new Error(`The description of the API cannot be read (status ${response.status}).`);
    return response.json();
  })
  .then((description) =>
    Redoc.init(
      { ...description, servers: [{ url: server }] },
      {
        downloadUrls: [{ title: "OpenAPI", url: documentUrl }],
        hideHostname: false,
        requiredPropsFirst: true,
        jsonSamplesExpandLevel: 4,
      },
      document.getElementById("app"),
    ),
  )
  .catch((error) => {
    document.getElementById("app").textContent = error.message;
  });
