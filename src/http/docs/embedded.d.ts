/** What is imported with `type: "file"`: the value is a path that `Bun.file` reads, also in the executable. */

declare module "*.css" {
  const path: string;
  export = path;
}

declare module "*.png" {
  const path: string;
  export = path;
}

declare module "*/pages/swagger.js" {
  const path: string;
  export = path;
}

declare module "*/pages/redoc.js" {
  const path: string;
  export = path;
}

declare module "redoc/bundles/redoc.standalone.js" {
  const path: string;
  export = path;
}

declare module "redoc/LICENSE" {
  const path: string;
  export = path;
}

declare module "swagger-ui-dist/swagger-ui-bundle.js" {
  const path: string;
  export = path;
}

declare module "swagger-ui-dist/LICENSE" {
  const path: string;
  export = path;
}

declare module "swagger-ui-dist/NOTICE" {
  const path: string;
  export = path;
}
